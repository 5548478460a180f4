import { SessionError } from '../session-error.js';
import { NO_BYTES, NO_WORDS, type Slab, SlabSpace } from './slab-space.js';

/** Bytes at the start of a chunk that record its owner. */
const HEADER = 4;
const SMALLEST_CHUNK = 16;
const MAX_CHUNK = 2 ** 16;

/** The memory of an arena. */
export interface ArenaMemory {
  /** Bytes of the chunks in use. */
  readonly used: number;
  /** Bytes of all slabs. */
  readonly reserved: number;
}

/**
 * An allocator of memory outside V8's heap. Each chunk has an owner, so that the arena can move chunks to stay compact.
 * Slabs and size classes are those of J. Bonwick, "The slab allocator: an object-caching kernel memory allocator"
 * (USENIX, 1994).
 *
 * A slab is cut into chunks of one size: a slab of 128 KiB into chunks of up to 2 KiB, a slab of 512 KiB into larger
 * ones. Up to 2 KiB there are sixteen sizes per doubling, beyond that eight. So from 128 bytes on, a chunk is at most a
 * sixteenth, or an eighth, larger than requested. Each free chunk holds the number of the next free chunk in its slab,
 * so allocating and freeing take a few loads and stores.
 *
 * **Fragmentation**: when more than a quarter of a size's chunks are free, and the free ones are more than one slab
 * holds, the arena empties a slab with few used chunks into the others and frees it. So it reserves at most 4/3 of what
 * is in use, plus one slab per size.
 *
 * **Limit**: an arena has at most 262,143 slabs. That is 32 GiB of chunks of up to 2 KiB, or 128 GiB of larger ones.
 */
export class Arena implements ArenaMemory {
  /** Bytes that the owner can keep in the largest chunk. */
  static readonly MAX_BYTES = MAX_CHUNK - HEADER;

  readonly #onMove: (owner: number, address: number, from: number) => void;
  readonly #small = new SlabSpace<ChunkSlab>(SMALL.slabBytes);
  readonly #large = new SlabSpace<ChunkSlab>(LARGE.slabBytes);
  readonly #classes: SizeClass[] = SIZES.map((size) => {
    const { slabBytes, unitBits } = kindOf(size);
    const space = size <= SMALL.maxChunk ? this.#small : this.#large;
    return { size, space, unitBits, perSlab: Math.floor(slabBytes / size), used: 0, slabs: [], open: [] };
  });
  /** Indexed by slab number, which is part of every address. Number 0 is never used, so no address is 0. */
  readonly #slabs: (ChunkSlab | undefined)[] = [undefined];
  readonly #freeNumbers: number[] = [];
  readonly #maxSlabs: number;
  #used = 0;
  /** Where the next search for a slab with few used chunks starts. */
  #search = 0;

  /**
   * @param onMove Called during `free` when an owner's chunk has moved to `address` from the address `from`.
   * @param maxSlabs The maximum number of slabs, up to 2^18 - 1.
   */
  constructor(onMove: (owner: number, address: number, from: number) => void, maxSlabs = MAX_SLABS) {
    this.#onMove = onMove;
    this.#maxSlabs = maxSlabs;
  }

  get used(): number {
    return this.#used;
  }

  get reserved(): number {
    return this.#small.bytes + this.#large.bytes;
  }

  /**
   * Whether the arena is nearly at its maximum number of slabs. It keeps 1/64 of them for operations that are under
   * way.
   */
  get isFull(): boolean {
    return this.#small.length + this.#large.length > this.#maxSlabs - (this.#maxSlabs >>> 6);
  }

  /** Returns the size in bytes of a chunk that has room for `bytes`. */
  static chunkSize(bytes: number): number {
    return SIZES[classOf(HEADER + bytes)];
  }

  /**
   * Allocates a chunk.
   * @param owner The chunk's owner, from 0 to 2^32 - 2; passed to `onMove`.
   * @param bytes Bytes that the owner needs, from 1 to `MAX_BYTES`.
   * @returns The chunk's address, from 1 to 2^32 - 1, valid until the next call of `free`.
   * @throws SessionError OOM if there is no memory for another slab. Nothing has changed then.
   */
  allocate(owner: number, bytes: number): number {
    const sizeClass = this.#classes[classOf(HEADER + bytes)];
    const slab = this.#openSlab(sizeClass);
    const chunk = takeChunk(slab);
    slab.words[(chunk * slab.size) >>> 2] = owner + 1;
    this.#count(sizeClass, 1);
    if (slab.used === sizeClass.perSlab) close(sizeClass, slab);
    return addressOf(slab, chunk);
  }

  /** Frees a chunk. This may move other chunks. */
  free(address: number): void {
    const slab = this.#slabOf(address);
    const { sizeClass } = slab;
    this.#release(sizeClass, slab, ((address & OFFSET_MASK) << slab.unitBits) / slab.size);
    const free = sizeClass.slabs.length * sizeClass.perSlab - sizeClass.used;
    if (free > sizeClass.perSlab && free * 4 > free + sizeClass.used) this.#compact(sizeClass);
  }

  /** Changes a chunk's owner. */
  setOwner(address: number, owner: number): void {
    const slab = this.#slabOf(address);
    slab.words[((address & OFFSET_MASK) << slab.unitBits) >>> 2] = owner + 1;
  }

  /** Frees the empty slabs that are kept for sizes not in use, one per size. */
  trim(): void {
    for (const sizeClass of this.#classes) {
      // An empty slab is always the first: it was the only open one when it became empty.
      const [slab] = sizeClass.open;
      if (slab?.used === 0) this.#giveBack(sizeClass, slab);
    }
  }

  /**
   * Returns the slab of an address, valid until the next call of `free`. For callers that need several of its
   * properties.
   */
  slab(address: number): ChunkSlab {
    return this.#slabOf(address);
  }

  /**
   * Returns the buffer that holds the chunk at `address`, valid until the next call of `free`. The owner's bytes start
   * at `start(address)`.
   */
  buffer(address: number): Buffer {
    return this.#slabOf(address).bytes;
  }

  /** Returns the same memory as 32-bit words. The owner's words start at `start(address) / 4`. */
  words(address: number): Uint32Array<ArrayBuffer> {
    return this.#slabOf(address).words;
  }

  /** Returns the index in the buffer at which the owner's bytes start. */
  start(address: number): number {
    return this.#slabOf(address).start(address);
  }

  /** Returns the number of bytes that the owner can keep in the chunk. */
  room(address: number): number {
    return this.#slabOf(address).size - HEADER;
  }

  /** Returns the number of bytes that the chunk takes. */
  size(address: number): number {
    return this.#slabOf(address).size;
  }

  #slabOf(address: number): ChunkSlab {
    return this.#slabs[address >>> OFFSET_BITS] as ChunkSlab;
  }

  #count(sizeClass: SizeClass, chunks: 1 | -1): void {
    sizeClass.used += chunks;
    this.#used += chunks * sizeClass.size;
  }

  /** Returns a slab with a free chunk: the latest one opened, or a new one. */
  #openSlab(sizeClass: SizeClass): ChunkSlab {
    const latest = sizeClass.open.at(-1);
    if (latest !== undefined) return latest;
    if (this.#small.length + this.#large.length === this.#maxSlabs) throw OUT_OF_MEMORY;
    const number = this.#freeNumbers.at(-1) ?? this.#slabs.length;
    const slab = new ChunkSlab(number, sizeClass);
    try {
      sizeClass.space.add(slab);
    } catch {
      throw OUT_OF_MEMORY;
    }
    this.#freeNumbers.pop();
    this.#slabs[number] = slab;
    sizeClass.slabs.push(slab);
    open(sizeClass, slab);
    return slab;
  }

  #release(sizeClass: SizeClass, slab: ChunkSlab, chunk: number): void {
    const at = (chunk * slab.size) >>> 2;
    slab.words[at] = FREE;
    slab.words[at + 1] = slab.firstFree;
    slab.firstFree = chunk;
    slab.used--;
    this.#count(sizeClass, -1);
    if (slab.openIndex === NONE) open(sizeClass, slab);
    // The only slab with a free chunk is kept when it is empty: the next allocation would need a new one.
    if (slab.used === 0 && sizeClass.open.length > 1) this.#giveBack(sizeClass, slab);
  }

  #giveBack(sizeClass: SizeClass, slab: ChunkSlab): void {
    close(sizeClass, slab);
    const last = sizeClass.slabs.pop() as ChunkSlab;
    if (last !== slab) {
      sizeClass.slabs[slab.index] = last;
      last.index = slab.index;
    }
    this.#slabs[slab.number] = undefined;
    this.#freeNumbers.push(slab.number);
    sizeClass.space.remove(slab);
  }

  /** Moves the chunks of a slab with few in use to other slabs, and frees it. */
  #compact(sizeClass: SizeClass): void {
    const source = this.#leastUsed(sizeClass.open);
    // Nothing may be allocated in the slab while it is being emptied.
    close(sizeClass, source);
    const { size, words, bytes, fresh } = source;
    for (let chunk = 0; chunk < fresh && source.used > 0; chunk++) {
      const at = chunk * size;
      const owner = words[at >>> 2];
      if (owner === FREE) continue;
      const address = this.allocate(owner - 1, size - HEADER);
      const to = this.start(address);
      bytes.copy(this.buffer(address), to, at + HEADER, at + size);
      source.used--;
      this.#count(sizeClass, -1);
      this.#onMove(owner - 1, address, addressOf(source, chunk));
    }
    this.#giveBack(sizeClass, source);
  }

  /**
   * Returns the slab with the fewest chunks in use, approximately: looking at all of a hundred thousand slabs would
   * take milliseconds.
   */
  #leastUsed(open: readonly ChunkSlab[]): ChunkSlab {
    const looks = Math.min(open.length, LOOKS);
    let least = open[0];
    for (let look = 0; look < looks; look++) {
      this.#search = this.#search + 1 < open.length ? this.#search + 1 : 0;
      const slab = open[this.#search];
      if (slab.used < least.used) least = slab;
    }
    return least;
  }
}

interface SizeClass {
  /** Bytes per chunk. */
  readonly size: number;
  readonly space: SlabSpace<ChunkSlab>;
  readonly unitBits: number;
  readonly perSlab: number;
  used: number;
  readonly slabs: ChunkSlab[];
  /** The slabs with a free chunk. */
  readonly open: ChunkSlab[];
}

/**
 * A slab, cut into chunks of `size` bytes. The first word of a used chunk is its owner + 1. The first word of a free
 * chunk is `FREE`, the second the number of the next free chunk.
 */
class ChunkSlab implements Slab {
  readonly number: number;
  readonly sizeClass: SizeClass;
  readonly size: number;
  /** The base-2 logarithm of the unit that addresses count in, in bytes. */
  readonly unitBits: number;
  /** Its index in `sizeClass.slabs`. */
  index: number;
  /** Its index in `sizeClass.open`, or `NONE` if it has no free chunk. */
  openIndex = NONE;
  /** Chunks in use. */
  used = 0;
  /** Chunks from this number on have never been used. */
  fresh = 0;
  firstFree = NONE;
  // Set by the slab's space.
  place = NONE;
  bytes = NO_BYTES;
  words = NO_WORDS;

  /** Makes a slab that will be the last of its class. */
  constructor(number: number, sizeClass: SizeClass) {
    this.number = number;
    this.sizeClass = sizeClass;
    this.size = sizeClass.size;
    this.unitBits = sizeClass.unitBits;
    this.index = sizeClass.slabs.length;
  }

  /** Returns the index in `bytes` at which the owner's part of a chunk starts. */
  start(address: number): number {
    return ((address & OFFSET_MASK) << this.unitBits) + HEADER;
  }

  /** Bytes that the owner can keep in a chunk. */
  get room(): number {
    return this.size - HEADER;
  }

  get extent(): number {
    return this.fresh * this.size;
  }
}

/** The low bits of an address are an offset in the slab, in units. The other bits are the slab's number. */
const OFFSET_BITS = 14;
const OFFSET_MASK = 2 ** OFFSET_BITS - 1;
const MAX_SLABS = 2 ** (32 - OFFSET_BITS) - 1;
const FREE = 0;
const NONE = -1;
/** The number of slabs to look at for one with few used chunks. */
const LOOKS = 64;
export const OUT_OF_MEMORY = new SessionError('OOM', 'no memory is left for keys and values');

/**
 * Describes a kind of slab. Chunks start at multiples of a unit, and a slab has as many units as an address can count.
 */
const kind = (unitBits: number, maxChunk: number, perDoubling: number) => ({
  unitBits,
  maxChunk,
  perDoubling,
  slabBytes: 2 ** (OFFSET_BITS + unitBits),
});
const SMALL = kind(3, 2048, 16);
const LARGE = kind(5, MAX_CHUNK, 8);
const kindOf = (chunk: number) => (chunk <= SMALL.maxChunk ? SMALL : LARGE);

/** Chunk sizes: multiples of 8 up to 256, then `perDoubling` sizes per doubling. */
const SIZES: readonly number[] = (() => {
  const sizes: number[] = [];
  for (let size = SMALLEST_CHUNK; size < 128; size += 8) sizes.push(size);
  for (let from = 128; from < MAX_CHUNK; from *= 2) {
    const parts = kindOf(from + 1).perDoubling;
    for (let part = 0; part < parts; part++) sizes.push(from + (from / parts) * part);
  }
  return [...sizes, MAX_CHUNK];
})();

/**
 * Returns, for each multiple of `2 ** bits` bytes up to `maxChunk`, the smallest size class that has room for that
 * many. Sizes are at least `2 ** bits` bytes apart.
 */
function classes(bits: number, maxChunk: number): Uint8Array {
  return Uint8Array.from({ length: (maxChunk >>> bits) + 1 }, (_, steps) =>
    SIZES.findIndex((size) => size >= steps << bits),
  );
}

const SMALL_STEP_BITS = 3;
const SMALL_CLASSES = classes(SMALL_STEP_BITS, SMALL.maxChunk);
const LARGE_STEP_BITS = 8;
const LARGE_CLASSES = classes(LARGE_STEP_BITS, LARGE.maxChunk);

function classOf(bytes: number): number {
  return bytes <= SMALL.maxChunk
    ? SMALL_CLASSES[(bytes + 7) >>> SMALL_STEP_BITS]
    : LARGE_CLASSES[(bytes + 255) >>> LARGE_STEP_BITS];
}

function addressOf(slab: ChunkSlab, chunk: number): number {
  return ((slab.number << OFFSET_BITS) | ((chunk * slab.size) >>> slab.unitBits)) >>> 0;
}

function takeChunk(slab: ChunkSlab): number {
  slab.used++;
  if (slab.firstFree === NONE) return slab.fresh++;
  const chunk = slab.firstFree;
  // `NONE` was written as 2^32 - 1.
  slab.firstFree = slab.words[((chunk * slab.size) >>> 2) + 1] | 0;
  return chunk;
}

function open(sizeClass: SizeClass, slab: ChunkSlab): void {
  slab.openIndex = sizeClass.open.length;
  sizeClass.open.push(slab);
}

function close(sizeClass: SizeClass, slab: ChunkSlab): void {
  if (slab.openIndex === NONE) return;
  const last = sizeClass.open.pop() as ChunkSlab;
  if (last !== slab) {
    sizeClass.open[slab.openIndex] = last;
    last.openIndex = slab.openIndex;
  }
  slab.openIndex = NONE;
}
