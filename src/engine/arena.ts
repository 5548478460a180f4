import { NO_BYTES, NO_WORDS, SLAB_BYTES, type Slab, SlabSpace } from './slab-space.js';

/** Bytes of a chunk that are not the owner's: they name him. */
const HEADER = 4;
const MAX_CHUNK = 2048;

/**
 * Memory outside V8's heap, in chunks that belong to somebody: an allocator of slabs and size classes (J. Bonwick,
 * "The slab allocator: an object-caching kernel memory allocator", 1994), which moves chunks to stay compact.
 *
 * A slab is 128 KiB, cut into chunks of one size. There are sixteen sizes to each doubling, so that a
 * chunk is at most a sixteenth larger than asked for (from 128 bytes on). A free chunk holds the number of the next
 * free one of its slab, so that allocating and freeing are a few loads and stores.
 *
 * **Fragmentation**: whenever more than a quarter of a size's chunks are free, and more than a slab holds, the
 * slab with the fewest chunks in use is emptied into the others and given back. So what is reserved is at most 4/3 of
 * what is in use, and a slab per size.
 */
export class Arena {
  /** What the largest chunk has room for, in bytes. */
  static readonly MAX_BYTES = MAX_CHUNK - HEADER;

  readonly #onMove: (owner: number, address: number) => void;
  readonly #classes: SizeClass[] = SIZES.map((size) => ({
    size,
    perSlab: Math.floor(SLAB_BYTES / size),
    used: 0,
    slabs: [],
    open: [],
  }));
  /** By number, which is part of each address; number 0 is never used, so that no address is 0. */
  readonly #slabs: (ChunkSlab | undefined)[] = [undefined];
  readonly #freeNumbers: number[] = [];
  readonly #space = new SlabSpace<ChunkSlab>();
  #used = 0;

  /** @param onMove Told when the chunk of an owner is now at another address, in a call of `free`. */
  constructor(onMove: (owner: number, address: number) => void) {
    this.#onMove = onMove;
  }

  /** Bytes in chunks that are in use. */
  get used(): number {
    return this.#used;
  }

  /** Bytes in slabs. */
  get reserved(): number {
    return this.#space.length * SLAB_BYTES;
  }

  /** How much memory a chunk with room for so many bytes takes. */
  static chunkSize(bytes: number): number {
    return SIZES[classOf(HEADER + bytes)];
  }

  /**
   * Takes a chunk with room for so many bytes.
   * @param owner Whose it is, from 0 to 2^32 - 2: what `onMove` is told.
   * @param bytes 1 to `MAX_BYTES`.
   * @returns Its address, from 1 to 2^32 - 1, good until the next call of `free`.
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

  /** Gives a chunk back. Other chunks may be moved. */
  free(address: number): void {
    const slab = this.#slabOf(address);
    const sizeClass = this.#classes[slab.classNumber];
    this.#release(sizeClass, slab, ((address & OFFSET_MASK) << UNIT_BITS) / slab.size);
    const free = sizeClass.slabs.length * sizeClass.perSlab - sizeClass.used;
    if (free > sizeClass.perSlab && free * 4 > free + sizeClass.used) this.#compact(sizeClass);
  }

  /** Gives back what is kept for sizes that are not in use, a slab each. */
  trim(): void {
    for (const sizeClass of this.#classes) {
      // Where one is empty, it is the first: it was the only one when it became so.
      const [slab] = sizeClass.open;
      if (slab?.used === 0) this.#giveBack(sizeClass, slab);
    }
  }

  /**
   * The buffer that an address is in, until the next call of `free`; what the owner keeps there starts at
   * `start(address)`.
   */
  buffer(address: number): Buffer {
    return this.#slabOf(address).bytes;
  }

  /** Where in its buffer the owner's part of a chunk starts. */
  start(address: number): number {
    return ((address & OFFSET_MASK) << UNIT_BITS) + HEADER;
  }

  /** Bytes that the owner may keep in a chunk. */
  room(address: number): number {
    return this.#slabOf(address).size - HEADER;
  }

  /** Bytes of memory that the chunk takes. */
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

  /** A slab with a free chunk: the one that was used last, or a new one. */
  #openSlab(sizeClass: SizeClass): ChunkSlab {
    const latest = sizeClass.open.at(-1);
    if (latest !== undefined) return latest;
    const number = this.#freeNumbers.pop() ?? this.#slabs.length;
    const slab = new ChunkSlab(number, classOf(sizeClass.size), sizeClass.size, sizeClass.slabs.length);
    this.#slabs[number] = slab;
    this.#space.add(slab);
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
    // An empty slab is kept where it is the only one with room: the next chunk would need a new one.
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
    this.#space.remove(slab);
  }

  /** Empties the slab that has least in use into the others. */
  #compact(sizeClass: SizeClass): void {
    const source = sizeClass.slabs.reduce((least, slab) => (slab.used < least.used ? slab : least));
    // It takes nothing in while it is emptied.
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
      this.#onMove(owner - 1, address);
    }
    this.#giveBack(sizeClass, source);
  }
}

interface SizeClass {
  /** Of its chunks, in bytes. */
  readonly size: number;
  readonly perSlab: number;
  /** Chunks in use. */
  used: number;
  readonly slabs: ChunkSlab[];
  /** Those with a free chunk. */
  readonly open: ChunkSlab[];
}

/** A slab, cut into chunks. A chunk's first word is its owner + 1, or `FREE` and in the second word the next free chunk. */
class ChunkSlab implements Slab {
  readonly number: number;
  readonly classNumber: number;
  readonly size: number;
  /** Its index among the slabs of its class. */
  index: number;
  /** Its index among those that are open, `NONE` if it is not. */
  openIndex = NONE;
  /** Chunks in use. */
  used = 0;
  /** Chunks from here on were never used. */
  fresh = 0;
  firstFree = NONE;
  // Given by its space.
  place = NONE;
  bytes = NO_BYTES;
  words = NO_WORDS;

  constructor(number: number, classNumber: number, size: number, index: number) {
    this.number = number;
    this.classNumber = classNumber;
    this.size = size;
    this.index = index;
  }

  get extent(): number {
    return this.fresh * this.size;
  }
}

/** Chunks start at multiples of 8 bytes. */
const UNIT_BITS = 3;
const UNIT = 1 << UNIT_BITS;
/** The low bits of an address tell where in its slab it is, in units; the others the slab's number. */
const OFFSET_BITS = 14;
const OFFSET_MASK = 2 ** OFFSET_BITS - 1;
const FREE = 0;
const NONE = -1;

/** Chunk sizes: multiples of 8 up to 256, then sixteen to each doubling. */
const SIZES: readonly number[] = (() => {
  const sizes: number[] = [];
  for (let size = 2 * UNIT; size < 128; size += UNIT) sizes.push(size);
  for (let from = 128; from < MAX_CHUNK; from *= 2) {
    for (let part = 0; part < 16; part++) sizes.push(from + (from / 16) * part);
  }
  return [...sizes, MAX_CHUNK];
})();

/** The smallest size class for each number of units. */
const CLASS_OF_UNITS = Uint8Array.from({ length: MAX_CHUNK / UNIT + 1 }, (_, units) =>
  SIZES.findIndex((size) => size >= units * UNIT),
);

function classOf(bytes: number): number {
  return CLASS_OF_UNITS[(bytes + UNIT - 1) >>> UNIT_BITS];
}

function addressOf(slab: ChunkSlab, chunk: number): number {
  return ((slab.number << OFFSET_BITS) | ((chunk * slab.size) >>> UNIT_BITS)) >>> 0;
}

function takeChunk(slab: ChunkSlab): number {
  slab.used++;
  if (slab.firstFree === NONE) return slab.fresh++;
  const chunk = slab.firstFree;
  // -1 was written as 2^32 - 1.
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
