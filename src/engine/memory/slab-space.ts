import { Region } from './region.js';

/** A piece of memory, as large as all of its space, wherever it is at present. */
export interface Slab {
  /** The number of its place. */
  place: number;
  /** The region that it is in. */
  bytes: Buffer;
  /** The same memory. */
  words: Uint32Array<ArrayBuffer>;
  /** Where in `bytes` it starts: a multiple of 4. */
  base: number;
  /** Bytes from its start that are in use: what is to be copied when it moves. */
  readonly extent: number;
}

/**
 * The memory of slabs of one size, in places of regions, given back to the system as they go.
 *
 * **No gaps**: when a slab goes, the last one moves to its place, and when it was the only one of the last region, that
 * is left. **Little overhang**: when an eighth is left of what was used of the last region, that is moved to a fresh one.
 */
export class SlabSpace<S extends Slab> {
  /** In the order of their places, which are 0 to `length` - 1. */
  readonly #slabs: S[] = [];
  readonly #regions: Region[] = [];
  readonly #slabBytes: number;
  readonly #slabsPerRegion: number;

  /** @param slabBytes Bytes of a slab: a part of a region. */
  constructor(slabBytes: number) {
    this.#slabBytes = slabBytes;
    this.#slabsPerRegion = Region.BYTES / slabBytes;
  }

  /** Slabs that are in use. */
  get length(): number {
    return this.#slabs.length;
  }

  /** Bytes of memory that they take. */
  get bytes(): number {
    return this.#slabs.length * this.#slabBytes;
  }

  /** Gives a slab memory, whose content is undefined. @throws RangeError if the system has none: then nothing has changed. */
  add(slab: S): void {
    const place = this.#slabs.length;
    if (place === this.#regions.length * this.#slabsPerRegion) this.#regions.push(new Region());
    this.#slabs.push(slab);
    this.#put(slab, place);
  }

  /** Takes a slab's memory away. Others may be moved: their `bytes`, `words` and `base` are then others. */
  remove(slab: S): void {
    const last = this.#slabs.pop() as S;
    if (last !== slab) {
      this.#slabs[slab.place] = last;
      this.#move(last, slab.place);
    }
    slab.bytes = NO_BYTES;
    slab.words = NO_WORDS;
    const before = this.#regions.length - 1;
    const left = this.#slabs.length - before * this.#slabsPerRegion;
    const region = this.#regions[before];
    if (left === 0) {
      this.#regions.pop();
      region.leave();
    } else if (left * this.#slabBytes * 8 <= region.touched) {
      let fresh: Region;
      try {
        fresh = new Region();
      } catch {
        // Where the system has none, it stays where it is.
        return;
      }
      this.#regions[before] = fresh;
      for (const moving of this.#slabs.slice(-left)) this.#move(moving, moving.place);
      region.leave();
    }
  }

  #move(slab: S, place: number): void {
    const { bytes, base, extent } = slab;
    this.#put(slab, place);
    bytes.copy(slab.bytes, slab.base, base, base + extent);
  }

  #put(slab: S, place: number): void {
    const slabBytes = this.#slabBytes;
    const within = place % this.#slabsPerRegion;
    const region = this.#regions[(place - within) / this.#slabsPerRegion];
    region.touch((within + 1) * slabBytes);
    slab.place = place;
    slab.bytes = region.bytes;
    slab.words = region.words;
    slab.base = within * slabBytes;
  }
}

export const NO_BYTES = Buffer.alloc(0);
export const NO_WORDS = new Uint32Array(0);
