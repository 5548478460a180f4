import { Slice } from '../slice.js';

const NO_BYTES = Buffer.alloc(0);
const NO_BOUNDS: readonly number[] = [];

/** How many words of a request have shared slices: enough for most logins. */
const SHARED = 20;
/**
 * By index, the slices of the words of the request that is being served. A new slice for each word was most of what a
 * request allocated: 600 of 900 bytes for a login.
 */
const shared = Array.from({ length: SHARED }, () => new Slice(NO_BYTES, 0, 0));

/**
 * A command's name and its arguments, as views of the bytes read. Valid while the bytes that were read are served and
 * until the next request is pulled. Call `own` or `pack` to keep it longer.
 *
 * A decoder has one request, which it points at each frame in turn. The slices of its words are shared by all requests.
 * That is safe because no command serves another connection before it returns. It must stay so, or the words of one
 * request would become those of another.
 */
export class Request {
  #bytes: Buffer;
  #origin: number;
  #bounds: readonly number[];
  #length: number;
  /** Whether its words stay valid while other requests are read. */
  #isOwned = false;

  /** @param bounds The start and the end of each word, one word after the other, counted from `origin`. Not copied. */
  constructor(bytes: Buffer, origin: number, bounds: readonly number[], length: number) {
    this.#bytes = bytes;
    this.#origin = origin;
    this.#bounds = bounds;
    this.#length = length;
  }

  /** Points it at another frame. The parameters are those of the constructor. */
  point(bytes: Buffer, origin: number, bounds: readonly number[], length: number): this {
    this.#bytes = bytes;
    this.#origin = origin;
    this.#bounds = bounds;
    this.#length = length;
    this.#isOwned = false;
    return this;
  }

  /** Empties the request and the slices of all requests, because they would keep the bytes alive. */
  release(): void {
    this.point(NO_BYTES, 0, NO_BOUNDS, 0);
    for (let index = 0; index < SHARED; index++) shared[index].point(NO_BYTES, 0, 0);
  }

  /** The number of words, the command's name included. */
  get length(): number {
    return this.#length;
  }

  /** Makes a request of copies of these words. */
  static of(words: readonly Buffer[]): Request {
    const bounds: number[] = [];
    let at = 0;
    for (const word of words) {
      bounds.push(at, at + word.length);
      at += word.length;
    }
    return new Request(Buffer.concat(words, at), 0, bounds, words.length);
  }

  /** Makes a request of words that are views of `bytes`. If any is not, makes a request of copies. */
  static cutFrom(bytes: Buffer, words: readonly Buffer[]): Request {
    const bounds: number[] = [];
    for (const word of words) {
      if (word.buffer !== bytes.buffer) return Request.of(words);
      const start = word.byteOffset - bytes.byteOffset;
      bounds.push(start, start + word.length);
    }
    return new Request(bytes, 0, bounds, words.length);
  }

  /**
   * Copies the bytes. Call this before other requests are read. Words taken earlier are no longer valid; words taken
   * afterwards stay valid.
   */
  own(): void {
    if (this.#isOwned) return;
    const first = this.#bounds[0];
    const end = this.#bounds[2 * this.length - 1];
    this.#bytes = Buffer.from(this.#bytes.subarray(this.#origin + first, this.#origin + end));
    this.#origin = -first;
    this.#isOwned = true;
  }

  /** Returns a copy, which stays valid. */
  copy(): Request {
    const bounds = this.#bounds.slice(0, 2 * this.#length);
    const copy = new Request(this.#bytes, this.#origin, bounds, this.#length);
    copy.own();
    return copy;
  }

  /** The number of bytes in all words together. */
  get bytes(): number {
    let bytes = 0;
    for (let at = 0; at < this.length * 2; at += 2) bytes += this.#bounds[at + 1] - this.#bounds[at];
    return bytes;
  }

  /** Returns a word, valid as long as the request; the command's name is word 0. */
  word(index: number): Slice {
    const at = index << 1;
    const start = this.#origin + this.#bounds[at];
    const end = this.#origin + this.#bounds[at + 1];
    if (index >= SHARED || this.#isOwned) return new Slice(this.#bytes, start, end);
    return shared[index].point(this.#bytes, start, end);
  }

  /** Returns the words from one index up to another, or up to the last, as views. */
  words(from = 0, to = this.length): Buffer[] {
    const words: Buffer[] = [];
    for (let index = from; index < Math.min(to, this.length); index++) words.push(this.word(index).toBuffer());
    return words;
  }

  /** The size of the packed request in bytes. */
  get packedLength(): number {
    return 4 + 4 * this.length + this.bytes;
  }

  /** Writes the request: the number of words, the length of each, and their bytes. Returns the index after it. */
  pack(bytes: Buffer, at: number): number {
    let to = bytes.writeUInt32LE(this.length, at);
    for (let index = 0; index < this.length; index++) to = bytes.writeUInt32LE(this.#lengthOf(index), to);
    for (let index = 0; index < this.length; index++) to = this.word(index).writeTo(bytes, to);
    return to;
  }

  /** Returns a view of a request that `pack` wrote. */
  static unpack(bytes: Buffer, at: number): Request {
    const length = bytes.readUInt32LE(at);
    const bounds: number[] = [];
    for (let index = 0, end = 0; index < length; index++) {
      bounds.push(end);
      end += bytes.readUInt32LE(at + 4 + 4 * index);
      bounds.push(end);
    }
    return new Request(bytes, at + 4 + 4 * length, bounds, length);
  }

  #lengthOf(index: number): number {
    return this.#bounds[2 * index + 1] - this.#bounds[2 * index];
  }
}
