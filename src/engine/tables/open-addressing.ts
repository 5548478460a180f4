import { column, resized } from '../memory/column.js';

type Places = Int32Array<ArrayBuffer>;

/**
 * A hash table with open addressing and linear probing. Its items are numbers (slots, ids), kept in one column; the
 * subclass keeps what they stand for. Removing an item shifts the entries after it back, so there are no tombstones (D.
 * E. Knuth, The Art of Computer Programming, volume 3, section 6.4, algorithm R).
 *
 * An entry also has the item's **distance** from its home, the place where the search for its hash starts. So a search
 * skips items with another home, and a removal shifts entries back, without reading what the items stand for: that is
 * elsewhere in memory, and rarely in the processor's cache.
 *
 * A table that has become too small is replaced **a few entries at a time**, with each `enter` and `withdraw`. A table
 * that is much too large is replaced by `shrink`, when there is time. Rehashing a million entries at once would take
 * tens of milliseconds. Until the former table is empty, an item is in one table or the other. The former table empties
 * from its end, so what remains is a smaller table in which every entry is still found.
 *
 * To look an item up, a subclass searches `places`, then `former`. A search starts at `home(places, hash)` and ends at
 * the item or at an empty place. On the way, it looks only at entries that `isFrom` that home.
 */
export abstract class OpenAddressing {
  /** Bytes per entry, on average: a place takes 4, and a quarter to a half of the places are taken. */
  static readonly BYTES_PER_ENTRY = 12;
  /** The largest item. */
  static readonly MAX_ITEM = 2 ** 28 - 2;

  /**
   * What is at each place: 0 if it is empty, otherwise item + 1 and, in the four bits above, the distance. The length
   * is a power of two, and at most half of the places are taken.
   */
  protected places: Places = newPlaces(LEAST_PLACES);
  /** What remains of the table that this one replaces, if any. */
  protected former: Places | undefined;
  /** Places of the former table from this one on are empty. */
  #unmoved = 0;
  #size = 0;

  /** The number of items entered. */
  get size(): number {
    return this.#size;
  }

  /** Makes room for `items` items if the table is empty. Growing step by step would move each item several times. */
  reserve(items: number): void {
    if (this.#size > 0 || this.former !== undefined || items * 2 <= this.places.length) return;
    this.places = newPlaces(2 ** (32 - Math.clz32(items * 2 - 1)));
  }

  /**
   * Reads what looking up the first `count` hashes will read first, so that it is in the processor's cache.
   * @returns A meaningless number. Use it, or V8 optimizes the reads away.
   */
  fetch(hashes: Int32Array, count: number): number {
    const { places } = this;
    let sum = 0;
    // The loop is short: only then do the reads for several hashes overlap.
    for (let i = 0; i < count; i++) sum ^= places[home(places, hashes[i])];
    return sum;
  }

  /** Returns the hash of an item that is entered, or about to be. */
  protected abstract hashOf(item: number): number;

  /** Enters an item, from 0 to `MAX_ITEM`, that is not in the table yet. */
  protected enter(item: number): void {
    this.#size++;
    if (this.#size * 2 > this.places.length) this.#replaceBy(this.places.length * 2);
    this.#put(item);
    if (this.former !== undefined) this.#move(this.former, MOVES);
  }

  /** Removes an item that is in the table. Its hash must not have changed. */
  protected withdraw(item: number): void {
    const { places } = this;
    const hash = this.hashOf(item);
    const place = placeOf(item, places, hash);
    if (places[place] !== 0) this.#takeOut(places, place);
    else if (this.former !== undefined) this.#takeOut(this.former, placeOf(item, this.former, hash));
    this.#size--;
    if (this.former !== undefined) this.#move(this.former, MOVES);
  }

  /**
   * Shrinks a table that is much too large, a little at a time. `withdraw` does not do this, because it may be called
   * for millions of items at once. Returns whether there is more to do.
   */
  protected shrink(): boolean {
    if (this.former !== undefined) {
      this.#move(this.former, MOVES_PER_SHRINK);
      return true;
    }
    const { length } = this.places;
    if (this.#size * 8 >= length || length <= LEAST_PLACES) return false;
    this.#replaceBy(length / 2);
    return true;
  }

  #put(item: number): void {
    const { places } = this;
    const mask = places.length - 1;
    const start = home(places, this.hashOf(item));
    let distance = 0;
    while (places[(start + distance) & mask] !== 0) distance++;
    places[(start + distance) & mask] = entryOf(item, distance);
  }

  #takeOut(places: Places, place: number): void {
    const mask = places.length - 1;
    let hole = place;
    for (let next = (hole + 1) & mask; places[next] !== 0; next = (next + 1) & mask) {
      const entry = places[next];
      let distance = entry >>> ITEM_BITS;
      if (distance === FAR) distance = (next - home(places, this.hashOf(itemOf(entry)))) & mask;
      const back = (next - hole) & mask;
      // An entry may move back to the hole unless its home is after the hole.
      if (distance >= back) {
        places[hole] = entryOf(itemOf(entry), distance - back);
        hole = next;
      }
    }
    places[hole] = 0;
  }

  /** Starts to move to a table of another length. The previous move must be finished: `MOVES` ensures that. */
  #replaceBy(length: number): void {
    const former = this.places;
    this.former = former;
    this.places = newPlaces(length);
    // Entries whose home is near the end may have wrapped around to the start. Once these have moved, no entry is
    // before its home.
    let start = 0;
    for (; former[start] !== 0; start++) this.#moveFrom(former, start);
    this.#unmoved = former.length;
  }

  #move(former: Places, most: number): void {
    for (let moves = 0; moves < most && this.#unmoved > 0; moves++) {
      this.#unmoved--;
      if (former[this.#unmoved] !== 0) this.#moveFrom(former, this.#unmoved);
    }
    if (this.#unmoved === 0) {
      resized(former, 0);
      this.former = undefined;
    } else if (this.#unmoved * 2 === former.length) {
      // The homes of the remaining entries are below half the length, so they are the same in a table of half the
      // length.
      resized(former, this.#unmoved);
    }
  }

  #moveFrom(former: Places, place: number): void {
    const item = itemOf(former[place]);
    former[place] = 0;
    this.#put(item);
  }
}

const LEAST_PLACES = 2048;
/**
 * Places of the former table to visit with each operation. A table of n places is replaced when more than n / 2 are
 * taken, or fewer than n / 8; its replacement is replaced no sooner than n / 8 operations later.
 */
const MOVES = 16;
/** Places of the former table to visit with each call of `shrink`: a fraction of a millisecond. */
const MOVES_PER_SHRINK = 2048;

const newPlaces = (length: number): Places => column(Int32Array, length);

/**
 * Returns the place where the search for a hash starts. The search continues at the next place, and wraps around at the
 * end.
 */
export function home(places: Places, hash: number): number {
  return hash & (places.length - 1);
}

/**
 * Whether the entry's item may have its home `distance` places before it. Exact below 15; longer distances, which are
 * rare, are not told apart.
 */
export function isFrom(entry: number, distance: number): boolean {
  return entry >>> ITEM_BITS === (distance < FAR ? distance : FAR);
}

/** Returns the item of an entry that is not 0. */
export function itemOf(entry: number): number {
  return (entry & ITEM) - 1;
}

function entryOf(item: number, distance: number): number {
  return (item + 1) | ((distance < FAR ? distance : FAR) << ITEM_BITS);
}

const ITEM_BITS = 28;
const ITEM = 2 ** ITEM_BITS - 1;
/** Stored for every distance of 15 or more; the hash of the item then gives the real one. */
const FAR = 15;

/** Returns the place of an item, or an empty place if the item is not in the table. */
function placeOf(item: number, places: Places, hash: number): number {
  const mask = places.length - 1;
  let place = home(places, hash);
  while (places[place] !== 0 && itemOf(places[place]) !== item) place = (place + 1) & mask;
  return place;
}
