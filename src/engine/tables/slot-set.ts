import { NONE } from './slot-table.js';

/** The number of slots in a chunk, as a power of two. */
const CHUNK_BITS = 15;
const WORDS = 2 ** CHUNK_BITS / 32;
/** Bytes of memory that a chunk takes. */
const CHUNK_BYTES = WORDS * 4 + 128;

interface Chunk {
  /** A bit for each slot. */
  readonly words: Uint32Array;
  /** The number of bits that are set. */
  size: number;
}

/**
 * A set of slots that can be walked in their order: a bit per slot, in chunks. There is no chunk for 32,768 slots of
 * which none is in the set. So a set takes 128 KB for a million slots, and a small one takes 4 KB.
 */
export class SlotSet {
  readonly #chunks: (Chunk | undefined)[] = [];
  #size = 0;
  #bytes = 0;

  /** The number of slots in it. */
  get size(): number {
    return this.#size;
  }

  /** Bytes of memory that it takes. */
  get bytes(): number {
    return this.#bytes;
  }

  has(slot: number): boolean {
    const words = this.#chunks[slot >>> CHUNK_BITS]?.words;
    return words !== undefined && (words[wordOf(slot)] & (1 << (slot & 31))) !== 0;
  }

  /** Adds a slot that is not in it. */
  add(slot: number): void {
    let chunk = this.#chunks[slot >>> CHUNK_BITS];
    if (chunk === undefined) {
      chunk = { words: new Uint32Array(WORDS), size: 0 };
      this.#chunks[slot >>> CHUNK_BITS] = chunk;
      this.#bytes += CHUNK_BYTES;
    }
    chunk.words[wordOf(slot)] |= 1 << (slot & 31);
    chunk.size++;
    this.#size++;
  }

  /** Returns whether the slot was in it. */
  delete(slot: number): boolean {
    if (!this.has(slot)) return false;
    const chunk = this.#chunks[slot >>> CHUNK_BITS] as Chunk;
    chunk.words[wordOf(slot)] &= ~(1 << (slot & 31));
    this.#size--;
    if (--chunk.size === 0) {
      this.#chunks[slot >>> CHUNK_BITS] = undefined;
      this.#bytes -= CHUNK_BYTES;
    }
    return true;
  }

  /** Returns the first slot in it from `slot` on, or NONE. Takes a step for every 32 slots in between. */
  from(slot: number): number {
    let bits = ~0 << (slot & 31);
    let word = wordOf(slot);
    for (let i = slot >>> CHUNK_BITS; i < this.#chunks.length; i++) {
      const words = this.#chunks[i]?.words;
      for (; words !== undefined && word < WORDS; word++) {
        const found = words[word] & bits;
        if (found !== 0) return (i << CHUNK_BITS) + word * 32 + lowestBit(found);
        bits = ~0;
      }
      bits = ~0;
      word = 0;
    }
    return NONE;
  }

  /** Returns the slot in it that has `rank` smaller ones, or NONE. Takes a step for every 32 slots of one chunk. */
  at(rank: number): number {
    let left = rank;
    for (const [i, chunk] of this.#chunks.entries()) {
      if (chunk === undefined) continue;
      if (left < chunk.size) return (i << CHUNK_BITS) + placeOf(chunk.words, left);
      left -= chunk.size;
    }
    return NONE;
  }
}

/** Returns the index of a slot's word in its chunk. */
function wordOf(slot: number): number {
  return (slot >>> 5) & (WORDS - 1);
}

/** Returns the place of the bit that has `rank` lower ones. There must be that many. */
function placeOf(words: Uint32Array, rank: number): number {
  let left = rank;
  let word = 0;
  for (let bits = bitCount(words[0]); bits <= left; bits = bitCount(words[++word])) left -= bits;
  let found = words[word];
  for (; left > 0; left--) found &= found - 1;
  return word * 32 + lowestBit(found);
}

function lowestBit(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}

/** Returns how many bits are set (H. Warren, Hacker's Delight, figure 5-2). */
function bitCount(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const nibbles = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((nibbles + (nibbles >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
