import { randomFillSync } from 'node:crypto';
import { home, OpenAddressing } from './open-addressing.js';
import { NONE, type SlotTable } from './slot-table.js';
import { TOKEN_WORDS } from './token.js';

/** Token → slot. The tokens themselves stay in their column. */
export class TokenIndex extends OpenAddressing {
  readonly #slots: SlotTable;
  /**
   * Most tokens are random and could be their own hash, but NEW … TOKEN lets a caller choose one. The
   * multipliers, unknown to him, keep him from choosing a million that fall on one place.
   */
  readonly #multipliers = randomFillSync(new Uint32Array(TOKEN_WORDS)).map((word) => word | 1);

  constructor(slots: SlotTable) {
    super();
    this.#slots = slots;
  }

  /** The slot that bears the token, or NONE. */
  find(words: Uint32Array): number {
    const hash = hashToken(words, 0, this.#multipliers);
    const slot = this.#findIn(this.places, hash, words);
    return slot === NONE && this.former !== undefined ? this.#findIn(this.former, hash, words) : slot;
  }

  /** Enters a slot under the token in its column, which no other slot may bear. */
  add(slot: number): void {
    this.enter(slot);
  }

  /** Removes a slot, whose token must still be in its column. */
  remove(slot: number): void {
    this.withdraw(slot);
  }

  /** Gives some of the memory back that is not needed. Returns whether there may be more. */
  trim(): boolean {
    return this.shrink();
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
