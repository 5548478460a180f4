import { randomFillSync } from 'node:crypto';
import { home, OpenAddressing } from './open-addressing.js';
import { Flag, NONE, type SlotTable } from './slot-table.js';
import { TOKEN_WORDS } from './token.js';

/**
 * Token → slot. The tokens themselves stay in their column.
 *
 * The token of a shared session follows from its name, at the price of an HMAC: it may be added without one. Its token is
 * derived when somebody asks for it (`give`) or presents a token that nobody else bears (`find`). Until then the session
 * is in a list through the column of tokens, in place of the token that it has not got.
 */
export class TokenIndex extends OpenAddressing {
  readonly #slots: SlotTable;
  readonly #derive: (slot: number, words: Uint32Array) => void;
  readonly #derived = new Uint32Array(TOKEN_WORDS);
  /** The latest tokenless slot, or NONE. */
  #latest = NONE;
  #tokenless = 0;
  /** Tokenless slots that are not in the list any more: another slot bore their token when it was derived. */
  readonly #refused = new Set<number>();
  /**
   * Most tokens are random and could be their own hash, but NEW … TOKEN lets a caller choose one. The
   * multipliers, unknown to him, keep him from choosing a million that fall on one place.
   */
  readonly #multipliers = randomFillSync(new Uint32Array(TOKEN_WORDS)).map((word) => word | 1);

  /** @param derive Makes `words` the token of a shared session. */
  constructor(slots: SlotTable, derive: (slot: number, words: Uint32Array) => void) {
    super();
    this.#slots = slots;
    this.#derive = derive;
  }

  /** The slot that bears the token, or NONE. Of a token that nobody bears it derives those that are not derived yet. */
  find(words: Uint32Array): number {
    const slot = this.findGiven(words);
    if (slot !== NONE || (this.#latest === NONE && this.#refused.size === 0)) return slot;
    this.giveAll();
    for (const refused of [...this.#refused]) this.give(refused);
    return this.findGiven(words);
  }

  /** How many slots `giveAll` has to do. */
  get tokenless(): number {
    return this.#tokenless;
  }

  /** Gives all tokenless slots their tokens, or so many of them. Returns whether there are more. */
  giveAll(most = Infinity): boolean {
    for (let given = 0; given < most && this.#latest !== NONE; given++) this.give(this.#latest);
    return this.#latest !== NONE;
  }

  /** As `find`, among the tokens that are known. */
  findGiven(words: Uint32Array): number {
    const hash = hashToken(words, 0, this.#multipliers);
    const slot = this.#findIn(this.places, hash, words);
    return slot === NONE && this.former !== undefined ? this.#findIn(this.former, hash, words) : slot;
  }

  /** Enters a slot under the token in its column, which no other slot may bear. */
  add(slot: number): void {
    this.enter(slot);
  }

  /** Enters a shared session, whose token is derived when it is needed. */
  addTokenless(slot: number): void {
    this.#slots.setFlags(slot, this.#slots.flags(slot) | Flag.Tokenless);
    const next = this.#latest;
    this.#setLink(slot, NEXT, next);
    this.#setLink(slot, PREVIOUS, NONE);
    if (next !== NONE) this.#setLink(next, PREVIOUS, slot);
    this.#latest = slot;
    this.#tokenless++;
  }

  /**
   * Gives a tokenless slot its token.
   * @returns false if another slot bears it, which somebody has chosen for a session of his own: the slot stays tokenless, and
   *   gets it when it is asked for again after the other has gone.
   */
  give(slot: number): boolean {
    this.#derive(slot, this.#derived);
    this.#unlink(slot);
    if (this.findGiven(this.#derived) !== NONE) {
      this.#refused.add(slot);
      return false;
    }
    this.#slots.setFlags(slot, this.#slots.flags(slot) & ~Flag.Tokenless);
    this.#slots.setToken(slot, this.#derived);
    this.enter(slot);
    return true;
  }

  /** Removes a slot, whose token, if it has one, must still be in its column. */
  remove(slot: number): void {
    if ((this.#slots.flags(slot) & Flag.Tokenless) !== 0) this.#unlink(slot);
    else this.withdraw(slot);
  }

  /** Gives some of the memory back that is not needed. Returns whether there may be more. */
  trim(): boolean {
    return this.shrink();
  }

  /** Takes a tokenless slot out of the list or, if it was refused its token, from among those. */
  #unlink(slot: number): void {
    if (this.#refused.delete(slot)) return;
    const next = this.#link(slot, NEXT);
    const previous = this.#link(slot, PREVIOUS);
    if (next !== NONE) this.#setLink(next, PREVIOUS, previous);
    if (previous === NONE) this.#latest = next;
    else this.#setLink(previous, NEXT, next);
    this.#tokenless--;
  }

  #link(slot: number, which: number): number {
    return this.#slots.token[slot * TOKEN_WORDS + which] | 0;
  }

  #setLink(slot: number, which: number, other: number): void {
    this.#slots.token[slot * TOKEN_WORDS + which] = other;
  }

  #findIn(places: Int32Array<ArrayBuffer>, hash: number, words: Uint32Array): number {
    const mask = places.length - 1;
    const tokens = this.#slots.token;
    for (let place = home(places, hash); ; place = (place + 1) & mask) {
      const slot = places[place] - 1;
      if (slot === NONE) return NONE;
      const at = slot * TOKEN_WORDS;
      if (
        tokens[at] === words[0] &&
        tokens[at + 1] === words[1] &&
        tokens[at + 2] === words[2] &&
        tokens[at + 3] === words[3]
      ) {
        return slot;
      }
    }
  }

  protected override hashOf(slot: number): number {
    return hashToken(this.#slots.token, slot * TOKEN_WORDS, this.#multipliers);
  }
}

/** Where the neighbours of a tokenless slot stand among its words. */
const NEXT = 0;
const PREVIOUS = 1;

/**
 * A keyed hash of the four words at `words[at]`. Products carry bits upwards only, so after each one the
 * high half is folded down: tokens that differ in their top bits alone fall apart as well as any.
 * @param key Four odd words.
 */
export function hashToken(words: Uint32Array, at: number, key: Uint32Array): number {
  let hash = Math.imul(words[at] ^ (words[at] >>> 16) ^ key[3], key[0]);
  hash = Math.imul((hash ^ (hash >>> 15)) + words[at + 1], key[1]);
  hash = Math.imul((hash ^ (hash >>> 15)) + words[at + 2], key[2]);
  hash = Math.imul((hash ^ (hash >>> 15)) + words[at + 3], key[3]);
  hash = Math.imul(hash ^ (hash >>> 15), key[0]);
  return hash ^ (hash >>> 16);
}
