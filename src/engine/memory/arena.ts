import { SessionError } from '../session-error.js';
import { NO_BYTES, NO_WORDS, type Slab, SlabSpace } from './slab-space.js';

/** Bytes of a chunk that are not the owner's: they name him. */
const HEADER = 4;
const SMALLEST_CHUNK = 16;
const MAX_CHUNK = 2 ** 16;

/**
 * Memory outside V8's heap, in chunks that belong to somebody: an allocator of slabs and size classes (J. Bonwick,
 * "The slab allocator: an object-caching kernel memory allocator", 1994), which moves chunks to stay compact.
 *
 * A slab is cut into chunks of one size: one of 128 KiB into chunks of up to 2 KiB, one of 512 KiB into larger ones. There are
 * sixteen sizes to each doubling up to 2 KiB and eight beyond, so that a chunk is at most a sixteenth, or an eighth, larger than
 * asked for (from 128 bytes on). A free chunk holds the number of the next free one of its slab, so that allocating and freeing are
 * a few loads and stores.
 *
 * **Fragmentation**: whenever more than a quarter of a size's chunks are free, and more than a slab holds, a slab
 * with few chunks in use is emptied into the others and given back. So what is reserved is at most 4/3 of
 * what is in use, and a slab per size.
 *
 * **Limit**: an arena has at most 262,143 slabs, which is 32 GiB of chunks up to 2 KiB or 128 GiB of larger ones.
 */
export class Arena {
  /** What the largest chunk has room for, in bytes. */
  static readonly MAX_BYTES = MAX_CHUNK - HEADER;

  readonly #onMove: (owner: number, address: number, from: number) => void;
  readonly #small = new SlabSpace<ChunkSlab>(SMALL.slabBytes);
  readonly #large = new SlabSpace<ChunkSlab>(LARGE.slabBytes);
  readonly #classes: SizeClass[] = SIZES.map((size) => {
    const { slabBytes, unitBits } = kindOf(size);
    const space = size <= SMALL.maxChunk ? this.#small : this.#large;
    return { size, space, unitBits, perSlab: Math.floor(slabBytes / size), used: 0, slabs: [], open: [] };
  });
  /** By number, which is part of each address; number 0 is never used, so that no address is 0. */
  readonly #slabs: (ChunkSlab | undefined)[] = [undefined];
  readonly #freeNumbers: number[] = [];
  readonly #maxSlabs: number;
  #used = 0;
  /** Where the next search for a slab with few chunks begins. */
  #search = 0;

  /**
   * @param onMove Told when the chunk of an owner is now at another address than `from`, in a call of `free`.
   * @param maxSlabs How many slabs there may be, up to 2^18 - 1.
   */
  constructor(onMove: (owner: number, address: number, from: number) => void, maxSlabs = MAX_SLABS) {
    this.#onMove = onMove;
    this.#maxSlabs = maxSlabs;
  }

  /** Bytes in chunks that are in use. */
  get used(): number {
    return this.#used;
  }

  /** Bytes in slabs. */
  get reserved(): number {
    return this.#small.bytes + this.#large.bytes;
  }

  /** Whether it has nearly as many slabs as it can have: one in 64 is left, for what is under way. */
  get isFull(): boolean {
    return this.#small.length + this.#large.length > this.#maxSlabs - (this.#maxSlabs >>> 6);
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
   * @throws SessionError OOM if there is no memory for another slab; then nothing has changed.
   */
  allocate(owner: number, bytes: number): number {
    const sizeClass = this.#classes[classOf(HEADER + bytes)];
    const slab = this.#openSlab(sizeClass);
    const chunk = takeChunk(slab);
    slab.words[slab.wordOf(chunk)] = owner + 1;
    this.#count(sizeClass, 1);
    if (slab.used === sizeClass.perSlab) close(sizeClass, slab);
    return addressOf(slab, chunk);
  }

  /** Gives a chunk back. Other chunks may be moved. */
  free(address: number): void {
    const slab = this.#slabOf(address);
    const { sizeClass } = slab;
    this.#release(sizeClass, slab, ((address & OFFSET_MASK) << slab.unitBits) / slab.size);
    const free = sizeClass.slabs.length * sizeClass.perSlab - sizeClass.used;
    if (free > sizeClass.perSlab && free * 4 > free + sizeClass.used) this.#compact(sizeClass);
  }

  /** Gives a chunk another owner. */
  setOwner(address: number, owner: number): void {
    const slab = this.#slabOf(address);
    slab.words[(slab.start(address) - HEADER) >>> 2] = owner + 1;
  }

  /** Gives back what is kept for sizes that are not in use, a slab each. */
  trim(): void {
    for (const sizeClass of this.#classes) {
      // Where one is empty, it is the first: it was the only one when it became so.
      const [slab] = sizeClass.open;
      if (slab?.used === 0) this.#giveBack(sizeClass, slab);
    }
  }

  /** The slab of an address, valid until the next call of `free`: for a caller that needs more than one thing of it. */
  slab(address: number): ChunkSlab {
    return this.#slabOf(address);
  }

  /**
   * The buffer that an address is in, until the next call of `free`; what the owner keeps there starts at
   * `start(address)`.
   */
  buffer(address: number): Buffer {
    return this.#slabOf(address).bytes;
  }

  /** The same memory in words of 32 bits, of which the owner's start at `start(address) / 4`. */
  words(address: number): Uint32Array<ArrayBuffer> {
    return this.#slabOf(address).words;
  }

  /** Where in its buffer the owner's part of a chunk starts. */
  start(address: number): number {
    return this.#slabOf(address).start(address);
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
    const at = slab.wordOf(chunk);
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
    sizeClass.space.remove(slab);
  }

  /** Empties a slab that has little in use into the others. */
  #compact(sizeClass: SizeClass): void {
    const source = this.#leastUsed(sizeClass.open);
    // It takes nothing in while it is emptied.
    close(sizeClass, source);
    const { size, words, bytes, base, fresh } = source;
    for (let chunk = 0; chunk < fresh && source.used > 0; chunk++) {
      const at = base + chunk * size;
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

  /** The slab with the fewest chunks in use, or nearly: of a hundred thousand, to look at each would take milliseconds. */
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
  /** Of its chunks, in bytes. */
  readonly size: number;
  readonly space: SlabSpace<ChunkSlab>;
  readonly unitBits: number;
  readonly perSlab: number;
  /** Chunks in use. */
  used: number;
  readonly slabs: ChunkSlab[];
  /** Those with a free chunk. */
  readonly open: ChunkSlab[];
}

/** A slab, cut into chunks of `size` bytes. A chunk's first word is its owner + 1, or `FREE` and in the second word the next free chunk. */
export class ChunkSlab implements Slab {
  readonly number: number;
  readonly sizeClass: SizeClass;
  readonly size: number;
  /** The logarithm of what an address counts in, in bytes. */
  readonly unitBits: number;
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
  base = 0;

  /** The next one of its class. */
  constructor(number: number, sizeClass: SizeClass) {
    this.number = number;
    this.sizeClass = sizeClass;
    this.size = sizeClass.size;
    this.unitBits = sizeClass.unitBits;
    this.index = sizeClass.slabs.length;
  }

  /** Where in `bytes` the owner's part of a chunk starts. */
  start(address: number): number {
    return this.base + ((address & OFFSET_MASK) << this.unitBits) + HEADER;
  }

  /** Where in `words` a chunk starts. */
  wordOf(chunk: number): number {
    return (this.base + chunk * this.size) >>> 2;
  }

  /** Bytes that the owner may keep in a chunk. */
  get room(): number {
    return this.size - HEADER;
  }

  get extent(): number {
    return this.fresh * this.size;
  }
}

/** The low bits of an address tell where in its slab it is, in units; the others the slab's number. */
const OFFSET_BITS = 14;
const OFFSET_MASK = 2 ** OFFSET_BITS - 1;
const MAX_SLABS = 2 ** (32 - OFFSET_BITS) - 1;
const FREE = 0;
const NONE = -1;
/** Slabs looked at to find one with few chunks in use. */
const LOOKS = 64;
const OUT_OF_MEMORY = new SessionError('OOM', 'no memory is left for keys and values');

/** What slabs there are: chunks start at multiples of a unit, of which a slab has as many as an address can count. */
const kind = (unitBits: number, maxChunk: number, perDoubling: number) => ({
  unitBits,
  maxChunk,
  perDoubling,
  slabBytes: 2 ** (OFFSET_BITS + unitBits),
});
const SMALL = kind(3, 2048, 16);
const LARGE = kind(5, MAX_CHUNK, 8);
const kindOf = (chunk: number) => (chunk <= SMALL.maxChunk ? SMALL : LARGE);

/** Chunk sizes: multiples of 8 up to 256, then so many to each doubling. */
const SIZES: readonly number[] = (() => {
  const sizes: number[] = [];
  for (let size = SMALLEST_CHUNK; size < 128; size += 8) sizes.push(size);
  for (let from = 128; from < MAX_CHUNK; from *= 2) {
    const parts = kindOf(from + 1).perDoubling;
    for (let part = 0; part < parts; part++) sizes.push(from + (from / parts) * part);
  }
  return [...sizes, MAX_CHUNK];
})();

/** The smallest size class for each number of `2 ** bits` bytes, up to a kind's largest chunk: a step between sizes is no smaller. */
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
  // -1 was written as 2^32 - 1.
  slab.firstFree = slab.words[slab.wordOf(chunk) + 1] | 0;
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
