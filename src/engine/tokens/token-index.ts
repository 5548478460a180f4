import { randomFillSync } from 'node:crypto';
import { home, isFrom, itemOf, OpenAddressing } from '../tables/open-addressing.js';
import { Flag, NONE, type SlotTable } from '../tables/slot-table.js';
import { TOKEN_WORDS } from './token.js';

/** Derives the tokens of shared sessions from their names, and finds the sessions that a token may belong to. */
export interface Derivation {
  /** Fills `words` with the token of a shared session. */
  derive(slot: number, words: Uint32Array): void;
  /** Returns the shared sessions that a token may belong to: nearly always none or one. */
  candidates(words: Uint32Array): readonly number[];
}

/**
 * Finds slots by token. The tokens themselves are in a column of the slot table.
 *
 * The token of a shared session is derived from its name, which costs an HMAC. So a shared session can be added without
 * its token. The token is entered when a client asks for it (`give`) or presents it (`find`).
 */
export class TokenIndex extends OpenAddressing {
  readonly #slots: SlotTable;
  readonly #derivation: Derivation;
  readonly #derived = new Uint32Array(TOKEN_WORDS);
  #tokenless = 0;
  /**
   * Most tokens are random and could serve as their own hash, but NEW … TOKEN lets a caller choose one. Secret
   * multipliers keep callers from choosing many tokens with the same hash.
   */
  readonly #multipliers = randomFillSync(new Uint32Array(TOKEN_WORDS)).map((word) => word | 1);

  constructor(slots: SlotTable, derivation: Derivation) {
    super();
    this.#slots = slots;
    this.#derivation = derivation;
  }

  /**
   * Returns the slot that has the token, or NONE. A token that is not entered is looked up among the tokenless slots.
   */
  find(words: Uint32Array): number {
    const slot = this.findGiven(words);
    return slot !== NONE || this.#tokenless === 0 ? slot : this.#findDerived(words);
  }

  /** Like `find`, but only among the tokens that are entered. */
  findGiven(words: Uint32Array): number {
    const hash = hashToken(words, 0, this.#multipliers);
    const slot = this.#findIn(this.places, hash, words);
    return slot === NONE && this.former !== undefined ? this.#findIn(this.former, hash, words) : slot;
  }

  /** Returns the hash of a token, for `fetch`. */
  hash(words: Uint32Array): number {
    return hashToken(words, 0, this.#multipliers);
  }

  /** Enters a slot by the token in its column. No other slot may have that token. */
  add(slot: number): void {
    this.enter(slot);
  }

  /** Adds a shared session without its token. */
  addTokenless(slot: number): void {
    this.#slots.setFlags(slot, this.#slots.flags(slot) | Flag.Tokenless);
    this.#tokenless++;
  }

  /**
   * Gives a tokenless slot its token.
   * @returns false if another slot has the token, because a client chose it for another session. The slot then stays
   *   tokenless. It can get its token once the other session has ended.
   */
  give(slot: number): boolean {
    this.#derivation.derive(slot, this.#derived);
    if (this.findGiven(this.#derived) !== NONE) return false;
    this.#enterDerived(slot);
    return true;
  }

  /** Removes a slot. Its token, if it has one, must still be in the column. */
  remove(slot: number): void {
    if ((this.#slots.flags(slot) & Flag.Tokenless) !== 0) this.#tokenless--;
    else this.withdraw(slot);
  }

  /** Frees some of the memory that is not needed. Returns whether there may be more. */
  trim(): boolean {
    return this.shrink();
  }

  /**
   * Returns the tokenless slot of a token that is not entered, or NONE. Enters the token, so that the next look-up
   * costs no HMAC.
   */
  #findDerived(words: Uint32Array): number {
    for (const slot of this.#derivation.candidates(words)) {
      if ((this.#slots.flags(slot) & Flag.Tokenless) === 0) continue;
      this.#derivation.derive(slot, this.#derived);
      if (this.#derived.some((word, i) => word !== words[i])) continue;
      this.#enterDerived(slot);
      return slot;
    }
    return NONE;
  }

  /** Enters a tokenless slot by the token derived for it. */
  #enterDerived(slot: number): void {
    this.#slots.setFlags(slot, this.#slots.flags(slot) & ~Flag.Tokenless);
    this.#slots.setToken(slot, this.#derived);
    this.#tokenless--;
    this.enter(slot);
  }

  #findIn(places: Int32Array<ArrayBuffer>, hash: number, words: Uint32Array): number {
    const mask = places.length - 1;
    const tokens = this.#slots.token;
    const start = home(places, hash);
    for (let distance = 0; ; distance++) {
      const entry = places[(start + distance) & mask];
      if (entry === 0) return NONE;
      if (!isFrom(entry, distance)) continue;
      const slot = itemOf(entry);
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

/**
 * Returns a keyed hash of the four words from `words[at]` on. Multiplication carries bits only upwards, so after each
 * product the high half is folded down: tokens that differ only in their top bits then spread as well as any others.
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
