import type { EntryId } from './entry-id.js';

/** The most ids in a block. */
const CAPACITY = 128;
/** Ids in a new block; it grows. */
const SMALLEST = 4;

/** Adds up the bytes of several lists. */
export interface ByteCount {
  bytes: number;
}

/**
 * Ids in their order, each with a fixed number of further numbers: column 0 is the id's `ms`, column 1 its `n`. They
 * are in blocks of typed arrays, so every operation takes less than a µs, however many there are; a `Map` of a million
 * would rehash itself within one operation.
 *
 * The list has a position, as a cursor does, which most methods move or use.
 */
export class SortedIds {
  readonly #width: number;
  readonly #count: ByteCount;
  #blocks: Block[] = [];
  #length = 0;
  /** The position: the index of a block and of a row in it. At the end, the number of blocks and 0. */
  #block = 0;
  #row = 0;

  /**
   * @param width The number of columns, at least 2.
   * @param count Counts the bytes of this list.
   */
  constructor(width: number, count: ByteCount) {
    this.#width = width;
    this.#count = count;
  }

  get length(): number {
    return this.#length;
  }

  /** Whether the position is after the last id. */
  get isAtEnd(): boolean {
    return this.#block === this.#blocks.length;
  }

  /** Moves to the first id that is not before another. Returns whether it is equal to it. */
  seek({ ms, n }: EntryId): boolean {
    const blocks = this.#blocks;
    const width = this.#width;
    let low = 0;
    let high = blocks.length;
    // The first block whose last id is not before the other.
    while (low < high) {
      const middle = (low + high) >>> 1;
      const { values, end } = blocks[middle];
      if (isBefore(values, (end - 1) * width, ms, n)) low = middle + 1;
      else high = middle;
    }
    this.#block = low;
    this.#row = 0;
    if (low === blocks.length) return false;
    const { values, start, end } = blocks[low];
    let first = start;
    let last = end - 1;
    while (first < last) {
      const middle = (first + last) >>> 1;
      if (isBefore(values, middle * width, ms, n)) first = middle + 1;
      else last = middle;
    }
    this.#row = first;
    return values[first * width] === ms && values[first * width + 1] === n;
  }

  seekFirst(): void {
    this.#block = 0;
    this.#row = this.#blocks.length === 0 ? 0 : this.#blocks[0].start;
  }

  /** Moves to the last id. The list must not be empty. */
  seekLast(): void {
    this.#block = this.#blocks.length - 1;
    this.#row = this.#blocks[this.#block].end - 1;
  }

  /** Moves to the next id. */
  next(): void {
    this.#row++;
    this.#normalize();
  }

  /** Returns a number of the id at the position. */
  get(column: number): number {
    return this.#blocks[this.#block].values[this.#row * this.#width + column];
  }

  /** Returns the id at the position. */
  id(): EntryId {
    return { ms: this.get(0), n: this.get(1) };
  }

  /** Sets a number of the id at the position. */
  set(column: number, value: number): void {
    this.#blocks[this.#block].values[this.#row * this.#width + column] = value;
  }

  /** Inserts an id, with 0 in the other columns, and moves to it. Returns false if it was there already. */
  insert(id: EntryId): boolean {
    if (this.seek(id)) return false;
    const blocks = this.#blocks;
    if (this.isAtEnd && blocks.length > 0) {
      // After the last id, which is where most are inserted.
      this.#block--;
      this.#row = blocks[this.#block].end;
      if (blocks[this.#block].length === CAPACITY) {
        this.#block++;
        this.#row = 0;
      }
    }
    if (this.isAtEnd) blocks.push(this.#newBlock(SMALLEST));
    else if (blocks[this.#block].length === CAPACITY) this.#split();
    this.#openRow();
    const { values } = blocks[this.#block];
    const at = this.#row * this.#width;
    values.fill(0, at, at + this.#width);
    values[at] = id.ms;
    values[at + 1] = id.n;
    this.#length++;
    return true;
  }

  /** Removes the id at the position, and moves to the one after it. */
  remove(): void {
    const index = this.#block;
    const block = this.#blocks[index];
    const width = this.#width;
    this.#length--;
    if (this.#row === block.start) {
      block.start++;
      this.#row++;
    } else {
      block.values.copyWithin(this.#row * width, (this.#row + 1) * width, block.end * width);
      block.end--;
    }
    if (block.length === 0) {
      this.#count.bytes -= block.values.byteLength;
      this.#blocks.splice(index, 1);
      this.#row = index < this.#blocks.length ? this.#blocks[index].start : 0;
      return;
    }
    this.#normalize();
    if (block.length <= CAPACITY / 4) {
      this.#merge(index);
      this.#merge(index - 1);
    }
  }

  /** Removes all ids with this value in a column, in one pass: 5 ms for a million. Moves to the first id. */
  removeAll(column: number, value: number): void {
    const width = this.#width;
    const before = this.#blocks;
    this.clear();
    for (const { values, start, end } of before) {
      for (let row = start; row < end; row++) {
        const from = row * width;
        if (values[from + column] === value) continue;
        let block = this.#blocks.at(-1);
        if (block === undefined || block.end === CAPACITY) {
          block = this.#newBlock(CAPACITY);
          this.#blocks.push(block);
        }
        const to = block.end++ * width;
        for (let i = 0; i < width; i++) block.values[to + i] = values[from + i];
        this.#length++;
      }
    }
    this.seekFirst();
  }

  clear(): void {
    for (const { values } of this.#blocks) this.#count.bytes -= values.byteLength;
    this.#blocks = [];
    this.#length = 0;
    this.seekFirst();
  }

  /** Moves to the next block if the position is after the last row of one. */
  #normalize(): void {
    if (this.#row < this.#blocks[this.#block].end) return;
    this.#block++;
    this.#row = this.isAtEnd ? 0 : this.#blocks[this.#block].start;
  }

  #newBlock(rows: number): Block {
    const values = new Float64Array(rows * this.#width);
    this.#count.bytes += values.byteLength;
    return new Block(values);
  }

  /** Divides the block at the position, which is full, into two, and moves to the same row. */
  #split(): void {
    const width = this.#width;
    const block = this.#blocks[this.#block];
    const second = this.#newBlock(CAPACITY);
    const middle = CAPACITY / 2;
    second.values.set(block.values.subarray(middle * width, CAPACITY * width));
    second.end = CAPACITY - middle;
    block.end = middle;
    this.#blocks.splice(this.#block + 1, 0, second);
    if (this.#row > middle) {
      this.#block++;
      this.#row -= middle;
    }
  }

  /** Makes room for a row at the position. The block is not full. */
  #openRow(): void {
    const width = this.#width;
    const block = this.#blocks[this.#block];
    if (block.end * width === block.values.length) {
      if (block.start > 0) {
        block.values.copyWithin(0, block.start * width, block.end * width);
        this.#row -= block.start;
        block.end -= block.start;
        block.start = 0;
      } else {
        const larger = new Float64Array(Math.min(block.end * 2, CAPACITY) * width);
        larger.set(block.values);
        this.#count.bytes += larger.byteLength - block.values.byteLength;
        block.values = larger;
      }
    }
    block.values.copyWithin((this.#row + 1) * width, this.#row * width, block.end * width);
    block.end++;
  }

  /** Makes one block of two neighbours if they are half full together, and keeps the position. */
  #merge(index: number): void {
    const width = this.#width;
    const first = this.#blocks[index];
    const second = this.#blocks[index + 1];
    if (first === undefined || second === undefined || first.length + second.length > CAPACITY / 2) return;
    const values = new Float64Array(CAPACITY * width);
    values.set(first.values.subarray(first.start * width, first.end * width));
    values.set(second.values.subarray(second.start * width, second.end * width), first.length * width);
    if (this.#block === index) {
      this.#row -= first.start;
    } else if (this.#block === index + 1) {
      this.#block--;
      this.#row += first.length - second.start;
    } else if (this.#block > index) {
      this.#block--;
    }
    const merged = new Block(values);
    merged.end = first.length + second.length;
    this.#count.bytes += values.byteLength - first.values.byteLength - second.values.byteLength;
    this.#blocks.splice(index, 2, merged);
  }
}

/** Rows from `start` to `end`, each of as many numbers as there are columns. */
class Block {
  values: Float64Array;
  start = 0;
  end = 0;

  constructor(values: Float64Array) {
    this.values = values;
  }

  get length(): number {
    return this.end - this.start;
  }
}

function isBefore(values: Float64Array, at: number, ms: number, n: number): boolean {
  return values[at] < ms || (values[at] === ms && values[at + 1] < n);
}
