import { randomInt } from 'node:crypto';
import { Slice } from '../../slice.js';
import { Numbering } from '../tables/numbering.js';
import { lengthBytes } from './lengths.js';

/**
 * A list of keys that many sessions have, in this order. V8 calls the same thing a hidden class (L. P. Deutsch and A.
 * M. Schiffman, "Efficient implementation of the Smalltalk-80 system", POPL 1984, is where the idea of sharing what
 * equal objects have in common comes from; D. Ungar's Self called it a map).
 */
export class Shape {
  /** Identifies the shape in records. */
  readonly number: number;
  readonly keys: readonly Slice[];
  readonly hash: number;
  /** Bytes in the keys. */
  readonly keyBytes: number;
  /** Bytes that a packed record takes more than a shaped one. */
  readonly saves: number;
  /** The number of records that have the shape. */
  users = 0;
  /** The shape that records got last when a key was added to this one. */
  next: Shape | undefined;
  /** Whether it was removed, so that no record may get it. */
  isRemoved = false;

  constructor(number: number, keys: readonly Slice[], hash: number) {
    const bytes = Buffer.concat(keys.map((key) => key.toBuffer()));
    let end = 0;
    this.number = number;
    this.keys = keys.map(({ length }) => {
      end += length;
      return new Slice(bytes, end - length, end);
    });
    this.hash = hash;
    this.keyBytes = bytes.length;
    this.saves = savedBy(keys, 1);
  }

  /** Returns the place of a key in the list, or -1. */
  placeOf(key: Slice): number {
    const { keys } = this;
    const { length } = key;
    for (let place = 0; place < keys.length; place++) {
      const own = keys[place];
      if (own.length === length && key.isAt(own.bytes, own.start)) return place;
    }
    return -1;
  }

  /** Bytes of memory that it takes, approximately: objects in V8's heap. */
  get memory(): number {
    return BYTES_PER_SHAPE + this.keys.length * BYTES_PER_KEY + this.keyBytes;
  }
}

/** What shapes save. */
export interface ShapeTotals {
  /** The number of shapes. */
  readonly shapes: number;
  /** The number of sessions that have one. */
  readonly sessions: number;
  /** Bytes that the shapes take, approximately. */
  readonly memory: number;
  /** Bytes that these sessions' records would have more without shapes, less `memory`. */
  readonly savedBytes: number;
}

/**
 * The shapes of a store's records. A session whose keys are the list of a shape has only the shape's number and the
 * values in its record.
 *
 * **Nobody can fill the memory with shapes.** A list of keys becomes a shape only when it was seen `SIGHTINGS` times,
 * and there are at most `MAX_SHAPES` of at most `MAX_KEY_BYTES`. Sightings are counted in a table of fixed size, in
 * which lists that are seen seldom displace each other. Sessions with other lists of keys are packed, which takes no
 * more memory than if there were no shapes. The hash is weak: whoever finds lists with equal hashes only achieves that
 * one of them gets no shape.
 *
 * A shape without users stays until `trim`, or until a new shape needs its place.
 */
export class Shapes {
  readonly #byNumber: Shape[] = [];
  readonly #byHash = new Map<number, Shape>();
  readonly #numbers = new Numbering();
  /** The shape found last: sessions of one kind often come one after the other. */
  #latest: Shape | undefined;
  /** For each row of sightings, a hash and how often it was seen. */
  readonly #sightings = new Int32Array(SIGHTING_ROWS * 2);
  readonly #seed: number;
  #unused = 0;
  #memory = 0;
  #sessions = 0;
  #saved = 0;

  /** @param seed Of the hash of lists of keys, from 0 to 2^31 - 1. Lists whose hashes collide get shapes later. */
  constructor(seed = randomInt(2 ** 31)) {
    this.#seed = seed;
  }

  /** Bytes of memory that the shapes take. */
  get memory(): number {
    return this.#memory;
  }

  totals(): ShapeTotals {
    const shapes = this.#byHash.size;
    return { shapes, sessions: this.#sessions, memory: this.#memory, savedBytes: this.#saved - this.#memory };
  }

  /** Returns the shape with a number. */
  at(number: number): Shape {
    return this.#byNumber[number];
  }

  /**
   * Returns the shape with a list of keys, or undefined.
   * @param list The keys, or the keys and values alternately.
   * @param step 1 if `list` has only keys, 2 if it has values too.
   */
  find(list: readonly Slice[], step: 1 | 2): Shape | undefined {
    if (this.#latest !== undefined && hasKeys(this.#latest, list, step)) return this.#latest;
    if (savedBy(list, step) < LEAST_SAVED) return undefined;
    const shape = this.#byHash.get(this.#hashOf(list, step));
    if (shape === undefined || !hasKeys(shape, list, step)) return undefined;
    this.#latest = shape;
    return shape;
  }

  /** Like `find`, but counts a sighting and makes a shape if there were enough. The keys must differ. */
  findOrMake(list: readonly Slice[], step: 1 | 2): Shape | undefined {
    const found = this.find(list, step);
    if (found !== undefined || savedBy(list, step) < LEAST_SAVED) return found;
    return this.ofHash(this.#hashOf(list, step), () => list.filter((_, index) => index % step === 0));
  }

  /**
   * Like `findOrMake`, for a caller that knows the hash of the keys and to whom collecting the keys themselves takes
   * longer.
   */
  ofHash(hash: number, collect: () => readonly Slice[]): Shape | undefined {
    const shape = this.#byHash.get(hash);
    if (shape !== undefined) return hasKeys(shape, collect(), 1) ? shape : undefined;
    return this.#isDue(hash) ? this.#make(collect(), hash) : undefined;
  }

  /** Returns the shape with the keys of another one and one more, if it exists or was seen often enough. */
  with(shape: Shape, key: Slice): Shape | undefined {
    const { next, keys } = shape;
    if (next !== undefined && !next.isRemoved && next.keys[keys.length].equals(key)) return next;
    const found = this.findOrMake([...keys, key], 1);
    if (found !== undefined) shape.next = found;
    return found;
  }

  /** Returns the shape with the keys of another one except that at `place`, if it exists or was seen often enough. */
  without(shape: Shape, place: number): Shape | undefined {
    return this.findOrMake(
      shape.keys.filter((_, index) => index !== place),
      1,
    );
  }

  /** The hash of an empty list of keys. */
  get seed(): number {
    return this.#seed;
  }

  /** Call this when a record gets a shape. */
  retain(shape: Shape): void {
    if (shape.users++ === 0) this.#unused--;
    this.#sessions++;
    this.#saved += shape.saves;
  }

  /** Call this when a record has its shape no longer. */
  release(shape: Shape): void {
    if (--shape.users === 0) this.#unused++;
    this.#sessions--;
    this.#saved -= shape.saves;
  }

  /** Removes the shapes without users. */
  trim(): void {
    if (this.#unused === 0) return;
    for (const shape of this.#byHash.values()) if (shape.users === 0) this.#remove(shape);
  }

  #hashOf(list: readonly Slice[], step: number): number {
    let hash = this.#seed;
    for (let i = 0; i < list.length; i += step) hash = hashKey(hash, list[i].bytes, list[i].start, list[i].end);
    return hash;
  }

  /**
   * Counts a sighting. Returns whether there were enough. Another list of the same row has to be outnumbered first, so
   * lists that are seen once each do not displace one that is seen often.
   */
  #isDue(hash: number): boolean {
    const sightings = this.#sightings;
    const row = (hash & (SIGHTING_ROWS - 1)) * 2;
    if (sightings[row] === hash) {
      const isDue = ++sightings[row + 1] === SIGHTINGS;
      // If it cannot be made now, it is tried again after as many more.
      if (isDue) sightings[row + 1] = 0;
      return isDue;
    }
    if (--sightings[row + 1] < 0) {
      sightings[row] = hash;
      sightings[row + 1] = 1;
    }
    return false;
  }

  /** Returns undefined if the list is unsuitable, or there is no room. */
  #make(keys: readonly Slice[], hash: number): Shape | undefined {
    const saves = savedBy(keys, 1);
    if (saves < LEAST_SAVED || saves > MAX_KEY_BYTES) return undefined;
    if (this.#byHash.size === MAX_SHAPES) this.trim();
    if (this.#byHash.size === MAX_SHAPES) return undefined;
    const shape = new Shape(this.#numbers.take(), keys, hash);
    this.#byNumber[shape.number] = shape;
    this.#byHash.set(hash, shape);
    this.#unused++;
    this.#memory += shape.memory;
    return shape;
  }

  #remove(shape: Shape): void {
    shape.isRemoved = true;
    shape.next = undefined;
    if (this.#latest === shape) this.#latest = undefined;
    this.#byHash.delete(shape.hash);
    this.#numbers.release(shape.number);
    this.#unused--;
    this.#memory -= shape.memory;
  }
}

/** How often a list of keys must be seen before it becomes a shape. */
const SIGHTINGS = 16;
/** Rows of the table of sightings, a power of two. */
const SIGHTING_ROWS = 1024;
const MAX_SHAPES = 1024;
/** The most bytes of a shape's keys, with their lengths. */
const MAX_KEY_BYTES = 4096;
/** The fewest bytes that a shape must save in each record: with less, the record's chunk would be no smaller. */
const LEAST_SAVED = 8;
/** Bytes of memory that a shape takes besides its keys: about what heap snapshots show. */
const BYTES_PER_SHAPE = 400;
/** The same for each key, without its bytes. */
const BYTES_PER_KEY = 48;

/** Returns the bytes that keys take in a packed record, less the byte that a shape takes. */
function savedBy(list: readonly Slice[], step: number): number {
  let sum = -1;
  for (let i = 0; i < list.length; i += step) sum += lengthBytes(list[i].length) + list[i].length;
  return sum;
}

function hasKeys({ keys }: Shape, list: readonly Slice[], step: number): boolean {
  if (keys.length * step !== list.length) return false;
  for (let place = 0; place < keys.length; place++) if (!keys[place].equals(list[place * step])) return false;
  return true;
}

/** Returns the hash of a list of keys with one key more. */
export function hashKey(hash: number, bytes: Buffer, start: number, end: number): number {
  let mixed = Math.imul(hash ^ (end - start), 0x9e3779b1);
  for (let at = start; at < end; at++) mixed = Math.imul(mixed ^ bytes[at], 0x01000193);
  return mixed ^ (mixed >>> 15);
}
