import { Slice } from '../../slice.js';
import { Arena, type ArenaMemory, OUT_OF_MEMORY } from '../memory/arena.js';
import { column, longer, resized, shorter } from '../memory/column.js';
import { NO_BYTES } from '../memory/slab-space.js';
import { Numbering } from '../tables/numbering.js';

/**
 * Byte strings of any length, identified by numbers, outside V8's heap. Any part of a string can be changed.
 *
 * A string that fits in a chunk of the arena is one chunk. A longer string consists of pieces of `PIECE` bytes and a
 * chunk that lists them. Each piece is a chunk, the last no larger than necessary. So the cost of appending a byte, or
 * of reading a part, depends on the part and not on the length of the string. When the arena moves a chunk, the list is
 * searched for its old address: that takes less time than moving the chunk.
 *
 * **Removing** a string of more than `PIECES_AT_ONCE` pieces sets it aside. `reclaim` frees its pieces a few at a time,
 * and so does each newly allocated piece, so new strings use up the memory of removed ones. Pieces count as memory
 * until they are freed.
 */
export class ByteStrings {
  /** The maximum length of a string in bytes: as many pieces as one list can hold. */
  static readonly MAX_LENGTH = (Arena.MAX_BYTES >>> 2) * Arena.MAX_BYTES;

  readonly #arena: Arena;
  readonly #numbers = new Numbering();
  readonly #maxStrings: number;
  readonly #onRemoved: () => void;
  /** Two numbers per string: its length, and the address of its chunk or list. The address of an empty string is 0. */
  #rows = column(Int32Array, FIRST * ROW, RESERVED * ROW);
  /** Strings that are removed and not freed yet. */
  readonly #removed: number[] = [];
  // Results of `#locate`.
  #bytes: Buffer = NO_BYTES;
  #at = 0;
  /** The address of a chunk that has been removed from its string and is about to be freed. 0 if there is none. */
  #dropped = 0;
  /** A buffer in which `read` assembles parts, reused to avoid allocating one each time. */
  #scratch: Buffer = NO_BYTES;

  /**
   * @param onRemoved Called when there is something to reclaim.
   * @param maxSlabs The maximum number of slabs of the arena. By default the arena's own limit.
   * @param maxStrings The maximum number of strings.
   */
  constructor(onRemoved: () => void, maxSlabs?: number, maxStrings = 2 ** 30) {
    this.#maxStrings = maxStrings;
    this.#arena = new Arena((number, address, from) => this.#moved(number, address, from), maxSlabs);
    this.#onRemoved = onRemoved;
  }

  /** Bytes of memory that the strings take, including those that are not freed yet. */
  get memory(): number {
    return this.#arena.used + this.#numbers.taken * ByteStrings.BYTES_PER_STRING;
  }

  /** The arena that the strings are in. */
  get arena(): ArenaMemory {
    return this.#arena;
  }

  /** Bytes that a string takes besides its chunks. */
  static readonly BYTES_PER_STRING = 8;

  /** The highest number in use + 1, or 0. */
  get end(): number {
    return this.#numbers.end;
  }

  /**
   * Whether it is nearly at its limits, as in `Arena.isFull`. A 64th of the numbers is kept for operations in progress.
   */
  get isFull(): boolean {
    return this.#arena.isFull || this.#numbers.taken > this.#maxStrings - this.#maxStrings / 64;
  }

  /** Returns the bytes of memory that a string takes. */
  memoryOf(number: number): number {
    const length = this.length(number);
    if (length === 0) return ByteStrings.BYTES_PER_STRING;
    const last = this.#lastPiece(number);
    let memory = ByteStrings.BYTES_PER_STRING + this.#arena.size(this.#piece(number, last));
    if (last > 0) memory += this.#arena.size(this.#addressOf(number)) + last * FULL_CHUNK;
    return memory;
  }

  /** Returns the length of a string in bytes. */
  length(number: number): number {
    return this.#rows[number * ROW + LENGTH];
  }

  /**
   * Makes a string of `length` bytes, whose content is undefined. Returns its number.
   * @throws SessionError OOM if there is no memory, or there are `maxStrings` already. Nothing has changed then.
   */
  create(length: number): number {
    if (this.#numbers.taken >= this.#maxStrings) throw OUT_OF_MEMORY;
    const number = this.#numbers.take();
    if (number * ROW >= this.#rows.length) this.#rows = resized(this.#rows, longer(this.#capacity, number + 1) * ROW);
    this.#rows[number * ROW + LENGTH] = 0;
    this.#rows[number * ROW + ADDRESS] = 0;
    try {
      if (length > 0) this.resize(number, length);
    } catch (error) {
      this.#numbers.release(number);
      throw error;
    }
    return number;
  }

  /** Removes a string. */
  remove(number: number): void {
    if (this.#lastPiece(number) >= PIECES_AT_ONCE) {
      this.#setAside(number);
      return;
    }
    this.#shrink(number, 0);
    this.#numbers.release(number);
  }

  /**
   * Makes a string longer or shorter. The content of added bytes is undefined.
   * @throws SessionError OOM if there is no memory. The string then keeps its length.
   * @throws RangeError if `length` is more than `MAX_LENGTH`.
   */
  resize(number: number, length: number): void {
    const old = this.length(number);
    if (length > ByteStrings.MAX_LENGTH) throw new RangeError(`a string is at most ${ByteStrings.MAX_LENGTH} bytes`);
    if (length <= old) {
      if (this.#lastPiece(number) - lastPieceOf(length) > PIECES_AT_ONCE) this.#setEndAside(number, length);
      this.#shrink(number, length);
      return;
    }
    try {
      this.#grow(number, length);
    } catch (error) {
      this.#shrink(number, old);
      throw error;
    }
  }

  /** Overwrites a part of a string. The part must be within the string. */
  write(number: number, offset: number, bytes: Slice): void {
    const { length } = bytes;
    const within = offset % PIECE;
    if (within + length <= PIECE) {
      // The usual case: within one piece, and short.
      if (length === 0) return;
      this.#locate(number, offset);
      bytes.writeTo(this.#bytes, this.#at);
      return;
    }
    for (let done = 0; done < length; ) {
      const part = this.#locate(number, offset + done, length - done);
      bytes.bytes.copy(this.#bytes, this.#at, bytes.start + done, bytes.start + done + part);
      done += part;
    }
  }

  /** Copies a string over another one of the same length. */
  copy(from: number, to: number): void {
    const length = this.length(from);
    for (let done = 0; done < length; ) {
      const part = this.#locate(from, done, length - done);
      const source = new Slice(this.#bytes, this.#at, this.#at + part);
      this.#locate(to, done);
      source.writeTo(this.#bytes, this.#at);
      done += part;
    }
  }

  /** Sets a part of a string to zeros. The part must be within the string. */
  zero(number: number, offset: number, length: number): void {
    for (let done = 0; done < length; ) {
      const part = this.#locate(number, offset + done, length - done);
      this.#bytes.fill(0, this.#at, this.#at + part);
      done += part;
    }
  }

  /**
   * Returns a part of a string, valid until the next call: a view or, if the part spans pieces, a copy. The part must
   * be within the string.
   */
  read(number: number, offset: number, length: number): Slice {
    if (length > 0 && (offset % PIECE) + length <= PIECE) {
      this.#locate(number, offset);
      return new Slice(this.#bytes, this.#at, this.#at + length);
    }
    return new Slice(this.#assemble(number, offset, length, this.#scratchFor(length)), 0, length);
  }

  /** Like `read`, but valid until any string is changed or removed. */
  readForLong(number: number, offset: number, length: number): Slice {
    if ((offset % PIECE) + length <= PIECE) return this.read(number, offset, length);
    return new Slice(this.#assemble(number, offset, length, Buffer.allocUnsafeSlow(length)), 0, length);
  }

  /** Whether the string has these bytes at `offset`. They must end within the string. */
  matches(number: number, offset: number, bytes: Slice): boolean {
    const { length } = bytes;
    if (length === 0) return true;
    if (length <= SHORT) {
      const part = this.#locate(number, offset, length);
      if (part === length) return bytes.isAt(this.#bytes, this.#at);
    }
    for (let done = 0; done < length; ) {
      const part = this.#locate(number, offset + done, length - done);
      const start = bytes.start + done;
      if (this.#bytes.compare(bytes.bytes, start, start + part, this.#at, this.#at + part) !== 0) return false;
      done += part;
    }
    return true;
  }

  /** Returns a word of a string that serves as an array of 32-bit words. */
  word(number: number, index: number): number {
    const address = this.#piece(number, Math.floor(index / WORDS));
    return this.#arena.words(address)[(this.#arena.start(address) >>> 2) + (index % WORDS)];
  }

  setWord(number: number, index: number, word: number): void {
    const address = this.#piece(number, Math.floor(index / WORDS));
    this.#arena.words(address)[(this.#arena.start(address) >>> 2) + (index % WORDS)] = word;
  }

  /**
   * Appends a word.
   * @throws SessionError OOM if there is no memory. Nothing has changed then.
   */
  pushWord(number: number, word: number): void {
    const length = this.length(number);
    const within = length % PIECE;
    // Usually the last piece has room for it.
    if (within === 0 || within + 4 > this.#arena.room(this.#piece(number, this.#lastPiece(number)))) {
      this.resize(number, length + 4);
    } else {
      this.#rows[number * ROW + LENGTH] = length + 4;
    }
    this.setWord(number, length >>> 2, word);
  }

  /** Removes the last word and returns it. */
  popWord(number: number): number {
    const length = this.length(number);
    const word = this.word(number, (length >>> 2) - 1);
    this.resize(number, length - 4);
    return word;
  }

  /** Frees some pieces of removed strings, in a fraction of a millisecond. Returns whether there may be more. */
  reclaim(): boolean {
    const number = this.#removed.at(-1);
    if (number === undefined) return false;
    const left = this.#lastPiece(number) - PIECES_AT_ONCE;
    if (left >= 0) {
      this.#shrink(number, (left + 1) * PIECE);
    } else {
      this.#removed.pop();
      this.remove(number);
    }
    return true;
  }

  /** Frees some of the memory if there is much more than needed. Returns whether there may be more. */
  trim(): boolean {
    // Views would keep their memory alive.
    this.#bytes = NO_BYTES;
    this.#scratch = NO_BYTES;
    this.#arena.trim();
    const capacity = shorter(this.#capacity, this.#numbers.end);
    if (capacity === this.#capacity) return false;
    this.#rows = resized(this.#rows, capacity * ROW);
    return true;
  }

  /** How many strings there are rows for. */
  get #capacity(): number {
    return this.#rows.length / ROW;
  }

  #addressOf(number: number): number {
    return this.#rows[number * ROW + ADDRESS] >>> 0;
  }

  /** Returns the index of a string's last piece, or -1 if the string is empty. */
  #lastPiece(number: number): number {
    return lastPieceOf(this.length(number));
  }

  /** Returns the address of a piece. */
  #piece(number: number, piece: number): number {
    const address = this.#addressOf(number);
    if (this.length(number) <= PIECE) return address;
    return this.#arena.words(address)[(this.#arena.start(address) >>> 2) + piece];
  }

  #setPiece(number: number, piece: number, address: number): void {
    const first = this.#addressOf(number);
    if (this.length(number) <= PIECE) this.#rows[number * ROW + ADDRESS] = address;
    else this.#arena.words(first)[(this.#arena.start(first) >>> 2) + piece] = address;
  }

  /**
   * Finds a byte of a string and sets `#bytes` and `#at`. Returns how many of the `length` bytes from there on are
   * contiguous.
   */
  #locate(number: number, offset: number, length = 0): number {
    const piece = Math.floor(offset / PIECE);
    const within = offset - piece * PIECE;
    const address = this.#piece(number, piece);
    this.#bytes = this.#arena.buffer(address);
    this.#at = this.#arena.start(address) + within;
    return Math.min(length, PIECE - within);
  }

  #assemble(number: number, offset: number, length: number, to: Buffer): Buffer {
    for (let done = 0; done < length; ) {
      const part = this.#locate(number, offset + done, length - done);
      this.#bytes.copy(to, done, this.#at, this.#at + part);
      done += part;
    }
    return to;
  }

  /** Returns a buffer of at least `length` bytes: the same one each time, unless it would be too large to keep. */
  #scratchFor(length: number): Buffer {
    if (length > KEPT_SCRATCH) return Buffer.allocUnsafeSlow(length);
    if (length > this.#scratch.length) this.#scratch = Buffer.allocUnsafeSlow(length);
    return this.#scratch;
  }

  /** Makes a string longer, piece by piece. The string is consistent after each piece. */
  #grow(number: number, length: number): void {
    const row = number * ROW;
    const last = Math.max(0, this.#lastPiece(number));
    const end = Math.min(length, (last + 1) * PIECE);
    this.#fit(number, last, this.length(number) - last * PIECE, end - last * PIECE);
    this.#rows[row + LENGTH] = end;
    const pieces = lastPieceOf(length) + 1;
    for (let piece = last + 1; piece < pieces; piece++) {
      this.reclaim();
      const bytes = Math.min(PIECE, length - piece * PIECE);
      if (piece > 1) {
        this.#fitList(number, piece, pieces);
        this.#setPiece(number, piece, this.#arena.allocate(number, bytes));
      } else {
        this.#beginList(number, pieces, bytes);
      }
      this.#rows[row + LENGTH] += bytes;
    }
  }

  /** Makes a string shorter, from its end. */
  #shrink(number: number, length: number): void {
    const row = number * ROW;
    let last = this.#lastPiece(number);
    for (; last >= 0 && last * PIECE >= length; last--) {
      this.#dropped = this.#piece(number, last);
      if (last === 1) this.#endList(number, 1);
      else if (last === 0) this.#rows[row + ADDRESS] = 0;
      this.#rows[row + LENGTH] = last * PIECE;
      this.#arena.free(this.#dropped);
      this.#dropped = 0;
    }
    const old = this.length(number);
    if (old === length) return;
    this.#fit(number, last, old - last * PIECE, length - last * PIECE);
    this.#rows[row + LENGTH] = length;
  }

  /** Moves a piece to a chunk of another size if its chunk is too small or much too large. */
  #fit(number: number, piece: number, oldBytes: number, newBytes: number): void {
    const arena = this.#arena;
    if (oldBytes === 0) {
      this.#rows[number * ROW + ADDRESS] = arena.allocate(number, newBytes);
      return;
    }
    const address = this.#piece(number, piece);
    const isTooSmall = newBytes > arena.room(address);
    if (!isTooSmall && Arena.chunkSize(newBytes) * 2 > arena.size(address)) return;
    let moved: number;
    try {
      moved = this.#copied(number, address, newBytes, Math.min(oldBytes, newBytes));
    } catch (error) {
      if (isTooSmall) throw error;
      return;
    }
    this.#setPiece(number, piece, moved);
    arena.free(address);
  }

  /** Makes room in the list for one more piece. If it must move the list, makes room for all `wanted` pieces. */
  #fitList(number: number, pieces: number, wanted: number): void {
    const list = this.#addressOf(number);
    if (pieces * 4 < this.#arena.room(list)) return;
    const moved = this.#copied(number, list, wanted * 4, pieces * 4);
    this.#rows[number * ROW + ADDRESS] = moved;
    this.#arena.free(list);
  }

  /** Returns a new chunk with the bytes of an old one. */
  #copied(number: number, address: number, room: number, bytes: number): number {
    const arena = this.#arena;
    const moved = arena.allocate(number, room);
    const from = arena.start(address);
    arena.buffer(address).copy(arena.buffer(moved), arena.start(moved), from, from + bytes);
    return moved;
  }

  /** Gives a string of one full piece a second piece and a list of both. */
  #beginList(number: number, pieces: number, bytes: number): void {
    const arena = this.#arena;
    const list = arena.allocate(number, pieces * 4);
    let second: number;
    try {
      second = arena.allocate(number, bytes);
    } catch (error) {
      arena.free(list);
      throw error;
    }
    const words = arena.words(list);
    const at = arena.start(list) >>> 2;
    words[at] = this.#addressOf(number);
    words[at + 1] = second;
    this.#rows[number * ROW + ADDRESS] = list;
  }

  /** Removes the list of a string that will have one piece or none. */
  #endList(number: number, pieces: number): void {
    const list = this.#addressOf(number);
    this.#rows[number * ROW + ADDRESS] = pieces === 0 ? 0 : this.#piece(number, 0);
    this.#rows[number * ROW + LENGTH] = pieces * PIECE;
    this.#arena.free(list);
  }

  /** Moves the pieces after `length` to a new string, which is set aside as removed. */
  #setEndAside(number: number, length: number): void {
    const first = lastPieceOf(length) + 1;
    const pieces = this.#lastPiece(number) + 1 - first;
    const arena = this.#arena;
    let list: number;
    try {
      list = arena.allocate(number, pieces * 4);
    } catch {
      // `resize` then frees the pieces at once.
      return;
    }
    const removed = this.create(0);
    arena.setOwner(list, removed);
    const words = arena.words(list);
    const at = arena.start(list) >>> 2;
    for (let piece = 0; piece < pieces; piece++) {
      words[at + piece] = this.#piece(number, first + piece);
      arena.setOwner(words[at + piece], removed);
    }
    this.#rows[removed * ROW + ADDRESS] = list;
    this.#rows[removed * ROW + LENGTH] = this.length(number) - first * PIECE;
    this.#setAside(removed);
    if (first <= 1) this.#endList(number, first);
    else this.#rows[number * ROW + LENGTH] = first * PIECE;
  }

  #setAside(number: number): void {
    this.#removed.push(number);
    this.#onRemoved();
  }

  #moved(number: number, address: number, from: number): void {
    if (this.#dropped === from) this.#dropped = address;
    else if (this.#addressOf(number) === from) this.#rows[number * ROW + ADDRESS] = address;
    else this.#movedPiece(this.#addressOf(number), address, from);
  }

  #movedPiece(list: number, address: number, from: number): void {
    const words = this.#arena.words(list);
    words[words.indexOf(from, this.#arena.start(list) >>> 2)] = address;
  }
}

/** Bytes that a full piece takes: the largest chunk. */
const FULL_CHUNK = Arena.chunkSize(Arena.MAX_BYTES);
/** Bytes in each piece except the last: what the largest chunk has room for. */
const PIECE = Arena.MAX_BYTES;
/** Words in each piece except the last. */
const WORDS = PIECE / 4;
/**
 * The number of pieces to free at once: that takes a fraction of a millisecond even if it makes the arena move others.
 */
const PIECES_AT_ONCE = 16;
/** Up to this many bytes are compared in a loop, which is faster than calling into Node's C++. */
const SHORT = 64;
/** The largest scratch buffer to keep, in bytes. */
const KEPT_SCRATCH = 2 ** 20;

const FIRST = 1024;
/** The rows can grow to this many strings in place. Beyond that, they are copied to twice the length. */
const RESERVED = 2 ** 27;
const ROW = 2;
const LENGTH = 0;
const ADDRESS = 1;

/** Returns the index of the last piece of a string of `length` bytes, or -1 if it has none. */
function lastPieceOf(length: number): number {
  return Math.ceil(length / PIECE) - 1;
}
