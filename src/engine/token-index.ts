import { randomFillSync } from 'node:crypto';
import { NONE, type SlotTable } from './slot-table.js';
import { TOKEN_WORDS } from './token.js';

/**
 * Token → slot, by open addressing with linear probing: one typed array of slot numbers, the tokens
 * themselves stay in their column. Removing shifts the entries behind it back, so there are no
 * tombstones (D. E. Knuth, The Art of Computer Programming 3, section 6.4, algorithm R).
 */
export class TokenIndex {
  /** Bytes that an entry takes on average: 4, where a quarter to a half of the places are taken. */
  static readonly BYTES_PER_TOKEN = 12;

  readonly #slots: SlotTable;
  /** Slot + 1 of each entry, 0 for an empty place; the length is a power of two, at most half of it taken. */
  #entries = new Int32Array(2048);
  #size = 0;
  /**
   * Most tokens are random and could be their own hash, but NEW … TOKEN lets a caller choose one. The
   * multipliers, unknown to him, keep him from choosing a million that fall on one place.
   */
  readonly #multipliers = randomFillSync(new Uint32Array(TOKEN_WORDS)).map((word) => word | 1);

  constructor(slots: SlotTable) {
    this.#slots = slots;
  }

  get size(): number {
    return this.#size;
  }

  /** The slot that bears the token, or NONE. */
  find(words: Uint32Array): number {
    const entries = this.#entries;
    const mask = entries.length - 1;
    const tokens = this.#slots.token;
    for (let place = this.#home(words, 0); ; place = (place + 1) & mask) {
      const slot = entries[place] - 1;
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

  /** Enters a slot under the token in its column, which no other slot may bear. */
  add(slot: number): void {
    this.#size++;
    if (this.#size * 2 > this.#entries.length) this.#grow();
    this.#place(slot);
  }

  /** Removes a slot, whose token must still be in its column. */
  remove(slot: number): void {
    const entries = this.#entries;
    const mask = entries.length - 1;
    let hole = this.#home(this.#slots.token, slot * TOKEN_WORDS);
    while (entries[hole] !== slot + 1) hole = (hole + 1) & mask;
    for (let place = (hole + 1) & mask; entries[place] !== 0; place = (place + 1) & mask) {
      const home = this.#home(this.#slots.token, (entries[place] - 1) * TOKEN_WORDS);
      // An entry may move back to the hole unless its home lies behind the hole.
      if (((place - home) & mask) >= ((place - hole) & mask)) {
        entries[hole] = entries[place];
        hole = place;
      }
    }
    entries[hole] = 0;
    this.#size--;
  }

  #place(slot: number): void {
    const entries = this.#entries;
    const mask = entries.length - 1;
    let place = this.#home(this.#slots.token, slot * TOKEN_WORDS);
    while (entries[place] !== 0) place = (place + 1) & mask;
    entries[place] = slot + 1;
  }

  #home(words: Uint32Array, at: number): number {
    return hashToken(words, at, this.#multipliers) & (this.#entries.length - 1);
  }

  #grow(): void {
    const old = this.#entries;
    this.#entries = new Int32Array(old.length * 2);
    for (const entry of old) if (entry !== 0) this.#place(entry - 1);
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
