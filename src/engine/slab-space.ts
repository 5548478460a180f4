import { Region } from './region.js';

/** Bytes of a slab. */
export const SLAB_BYTES = 2 ** 17;

/** A piece of memory of `SLAB_BYTES`, wherever it is at present. */
export interface Slab {
  /** The number of its place. */
  place: number;
  bytes: Buffer;
  /** The same memory. */
  words: Uint32Array<ArrayBuffer>;
  /** Bytes from its start that are in use: what is to be copied when it moves. */
  readonly extent: number;
}

/**
 * The memory of slabs, in places of regions, given back to the system as they go.
 *
 * **No gaps**: when a slab goes, the last one moves to its place, and when it was the only one of the last region, that
 * is left. **Little overhang**: when an eighth is left of what was used of the last region, that is moved to a fresh one.
 */
export class SlabSpace<S extends Slab> {
  /** In the order of their places, which are 0 to `length` - 1. */
  readonly #slabs: S[] = [];
  readonly #regions: Region[] = [];

  /** Slabs that are in use. */
  get length(): number {
    return this.#slabs.length;
  }

  /** Gives a slab memory, whose content is undefined. */
  add(slab: S): void {
    this.#slabs.push(slab);
    if (this.#slabs.length > this.#regions.length * SLABS_PER_REGION) this.#regions.push(new Region());
    this.#put(slab, this.#slabs.length - 1);
  }

  /** Takes a slab's memory away. Others may be moved: their `bytes` and `words` are then others. */
  remove(slab: S): void {
    const last = this.#slabs.pop() as S;
    if (last !== slab) {
      this.#slabs[slab.place] = last;
      this.#move(last, slab.place);
    }
    slab.bytes = NO_BYTES;
    slab.words = NO_WORDS;
    const before = this.#regions.length - 1;
    const left = this.#slabs.length - before * SLABS_PER_REGION;
    const region = this.#regions[before];
    if (left === 0) {
      this.#regions.pop();
      region.leave();
    } else if (left * SLAB_BYTES * 8 <= region.touched) {
      this.#regions[before] = new Region();
      for (const moving of this.#slabs.slice(-left)) this.#move(moving, moving.place);
      region.leave();
    }
  }

  #move(slab: S, place: number): void {
    const { bytes, extent } = slab;
    this.#put(slab, place);
    bytes.copy(slab.bytes, 0, 0, extent);
  }

  #put(slab: S, place: number): void {
    const within = place % SLABS_PER_REGION;
    const region = this.#regions[(place - within) / SLABS_PER_REGION];
    region.touch((within + 1) * SLAB_BYTES);
    slab.place = place;
    slab.bytes = Buffer.from(region.buffer, within * SLAB_BYTES, SLAB_BYTES);
    slab.words = new Uint32Array(region.buffer, within * SLAB_BYTES, SLAB_BYTES / 4);
  }
}

const SLABS_PER_REGION = Region.BYTES / SLAB_BYTES;
export const NO_BYTES = Buffer.alloc(0);
export const NO_WORDS = new Uint32Array(0);
