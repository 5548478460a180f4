import { column, resized } from '../memory/column.js';

type Places = Int32Array<ArrayBuffer>;

/**
 * A hash table of numbers (slots, ids) by open addressing with linear probing: one column, while what the
 * numbers stand for stays where it is. Removing shifts the entries behind it back, so there are no tombstones
 * (D. E. Knuth, The Art of Computer Programming 3, section 6.4, algorithm R).
 *
 * A table that has become too small is replaced **a few entries at a time**, with each one that is entered or withdrawn, one that
 * is much too large when there is time (`shrink`): to rehash a million at once takes tens of milliseconds. Until the former table is empty, an item is in
 * one or the other. It empties from its end, so that what is left of it is a smaller table, in which each entry
 * is found as ever.
 *
 * Whoever extends it looks an item up from `home(places, hash)` on, until it is found or a place is empty: in `places`
 * and, if it is not there, in `former`.
 */
export abstract class OpenAddressing {
  /** Bytes that an entry takes on average: 4, where a quarter to a half of the places are taken. */
  static readonly BYTES_PER_ENTRY = 12;

  /** Item + 1 of each entry, 0 for an empty place; the length is a power of two, at most half of it taken. */
  protected places: Places = newPlaces(LEAST_PLACES);
  /** The table before this one, as far as it has not moved yet. */
  protected former: Places | undefined;
  /** Places of the former table from here on are empty. */
  #unmoved = 0;
  #size = 0;

  /** Items that are entered. */
  get size(): number {
    return this.#size;
  }

  /** Makes room for so many items in a table that is empty: one that grows to them would move each several times. */
  reserve(items: number): void {
    if (this.#size > 0 || this.former !== undefined || items * 2 <= this.places.length) return;
    this.places = newPlaces(2 ** (32 - Math.clz32(items * 2 - 1)));
  }

  /** The hash of an item that is entered, or about to be. */
  protected abstract hashOf(item: number): number;

  /** Enters an item, from 0 to 2^31 - 2, that is not there yet. */
  protected enter(item: number): void {
    this.#size++;
    if (this.#size * 2 > this.places.length) this.#replaceBy(this.places.length * 2);
    this.#put(item);
    if (this.former !== undefined) this.#move(this.former, MOVES);
  }

  /** Removes an item that is there, and whose hash is still what it was. */
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
   * Makes a table that is much too large smaller, a little at a time: for who has time, which those that withdraw by the
   * million have not. Returns whether there is more to do.
   */
  protected shrink(): boolean {
    if (this.former !== undefined) {
      this.#move(this.former, MOVES_IN_PEACE);
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
    let place = home(places, this.hashOf(item));
    while (places[place] !== 0) place = (place + 1) & mask;
    places[place] = item + 1;
  }

  #takeOut(places: Places, place: number): void {
    const mask = places.length - 1;
    let hole = place;
    for (let next = (hole + 1) & mask; places[next] !== 0; next = (next + 1) & mask) {
      const start = home(places, this.hashOf(places[next] - 1));
      // An entry may move back to the hole unless its home lies behind the hole.
      if (((next - start) & mask) >= ((next - hole) & mask)) {
        places[hole] = places[next];
        hole = next;
      }
    }
    places[hole] = 0;
  }

  /** Begins to move to a table of another length. The one before must be done: `MOVES` sees to that. */
  #replaceBy(length: number): void {
    const former = this.places;
    this.former = former;
    this.places = newPlaces(length);
    // Entries from the end may have come to lie at the start: without them, none lies before its home.
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
      // Homes of what is left are below half the length: they are the same in a table of half the length.
      resized(former, this.#unmoved);
    }
  }

  #moveFrom(former: Places, place: number): void {
    const item = former[place] - 1;
    former[place] = 0;
    this.#put(item);
  }
}

const LEAST_PLACES = 2048;
/**
 * Places visited in the former table with each operation. A table of n places is replaced when n / 2 are taken, or
 * fewer than n / 8; the one after it is not before another n / 8 acts.
 */
const MOVES = 16;
/** Places looked at by each call of `shrink`: a fraction of a millisecond. */
const MOVES_IN_PEACE = 2048;

const newPlaces = (length: number): Places => column(Int32Array, length);

/** The place where the search for a hash starts; it goes on at the next one, and behind the last one at 0. */
export function home(places: Places, hash: number): number {
  return hash & (places.length - 1);
}

/** Where an item is, or an empty place if it is not there. */
function placeOf(item: number, places: Places, hash: number): number {
  const mask = places.length - 1;
  let place = home(places, hash);
  while (places[place] !== 0 && places[place] !== item + 1) place = (place + 1) & mask;
  return place;
}
