import { Region } from './region.js';

/** A piece of memory. All slabs of a space have the same size. A slab may move, which changes its properties. */
export interface Slab {
  /** The number of the place that it is at. */
  place: number;
  bytes: Buffer;
  /** The same memory, as 32-bit words. */
  words: Uint32Array<ArrayBuffer>;
  /** Bytes in use, from its start: what is copied when it moves. */
  readonly extent: number;
}

/**
 * Gives memory to slabs of one size, at places in regions, and returns it to the system as slabs are removed.
 *
 * **No gaps**: when a slab is removed, the last slab moves to its place. The last region is given up when it becomes
 * empty. **Little unused memory**: when slabs take only an eighth of what was ever used of the last region, they move
 * to a fresh region.
 */
export class SlabSpace<S extends Slab> {
  /** Indexed by place, from 0 to `length` - 1. */
  readonly #slabs: S[] = [];
  readonly #regions: Region[] = [];
  readonly #slabBytes: number;
  readonly #slabsPerRegion: number;

  /** @param slabBytes Bytes per slab. A region's size must be a multiple of it. */
  constructor(slabBytes: number) {
    this.#slabBytes = slabBytes;
    this.#slabsPerRegion = Region.BYTES / slabBytes;
  }

  /** The number of slabs in use. */
  get length(): number {
    return this.#slabs.length;
  }

  /** Bytes of the slabs in use. */
  get bytes(): number {
    return this.#slabs.length * this.#slabBytes;
  }

  /**
   * Gives memory to a slab. Its content is undefined.
   * @throws RangeError if the system has no memory. Nothing has changed then.
   */
  add(slab: S): void {
    const place = this.#slabs.length;
    if (place === this.#regions.length * this.#slabsPerRegion) this.#regions.push(new Region());
    this.#slabs.push(slab);
    this.#put(slab, place);
  }

  /** Takes a slab's memory back. Other slabs may move, which changes their `place`, `bytes` and `words`. */
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
      region.giveUp();
    } else if (left * this.#slabBytes * 8 <= region.touched) {
      let fresh: Region;
      try {
        fresh = new Region();
      } catch {
        // Without memory for a fresh region, the slabs stay in this one.
        return;
      }
      this.#regions[before] = fresh;
      for (const moving of this.#slabs.slice(-left)) this.#move(moving, moving.place);
      region.giveUp();
    }
  }

  #move(slab: S, place: number): void {
    const { bytes, extent } = slab;
    this.#put(slab, place);
    bytes.copy(slab.bytes, 0, 0, extent);
  }

  #put(slab: S, place: number): void {
    const slabBytes = this.#slabBytes;
    const within = place % this.#slabsPerRegion;
    const region = this.#regions[(place - within) / this.#slabsPerRegion];
    region.touch((within + 1) * slabBytes);
    slab.place = place;
    slab.bytes = Buffer.from(region.buffer, within * slabBytes, slabBytes);
    slab.words = new Uint32Array(region.buffer, within * slabBytes, slabBytes / 4);
  }
}

/** What a slab without memory has. */
export const NO_BYTES = Buffer.alloc(0);
export const NO_WORDS = new Uint32Array(0);
