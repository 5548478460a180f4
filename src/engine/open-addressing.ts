/**
 * A hash table of numbers (slots, ids) by open addressing with linear probing: one typed array, while what the
 * numbers stand for stays where it is. Removing shifts the entries behind it back, so there are no tombstones
 * (D. E. Knuth, The Art of Computer Programming 3, section 6.4, algorithm R).
 *
 * Whoever extends it looks an item up from `home(hash)` on, until it is found or a place is empty.
 */
export abstract class OpenAddressing {
  /** Bytes that an entry takes on average: 4, where a quarter to a half of the places are taken. */
  static readonly BYTES_PER_ENTRY = 12;

  /** Item + 1 of each entry, 0 for an empty place; the length is a power of two, at most half of it taken. */
  protected entries = new Int32Array(2048);
  #size = 0;

  /** Items that are entered. */
  get size(): number {
    return this.#size;
  }

  /** The hash of an item that is entered, or about to be. */
  protected abstract hashOf(item: number): number;

  /** The place where the search for a hash starts; it goes on at the next one, and behind the last one at 0. */
  protected home(hash: number): number {
    return hash & (this.entries.length - 1);
  }

  /** Enters an item, from 0 to 2^31 - 2, that is not there yet. */
  protected enter(item: number): void {
    this.#size++;
    if (this.#size * 2 > this.entries.length) this.#grow();
    this.#place(item);
  }

  /** Removes an item that is there, and whose hash is still what it was. */
  protected withdraw(item: number): void {
    const { entries } = this;
    const mask = entries.length - 1;
    let hole = this.hashOf(item) & mask;
    while (entries[hole] !== item + 1) hole = (hole + 1) & mask;
    for (let place = (hole + 1) & mask; entries[place] !== 0; place = (place + 1) & mask) {
      const home = this.hashOf(entries[place] - 1) & mask;
      // An entry may move back to the hole unless its home lies behind the hole.
      if (((place - home) & mask) >= ((place - hole) & mask)) {
        entries[hole] = entries[place];
        hole = place;
      }
    }
    entries[hole] = 0;
    this.#size--;
  }

  #place(item: number): void {
    const { entries } = this;
    const mask = entries.length - 1;
    let place = this.hashOf(item) & mask;
    while (entries[place] !== 0) place = (place + 1) & mask;
    entries[place] = item + 1;
  }

  #grow(): void {
    const old = this.entries;
    this.entries = new Int32Array(old.length * 2);
    for (const entry of old) if (entry !== 0) this.#place(entry - 1);
  }
}
