import { FunctionError } from './function-error.js';

/** Bytes that a function for Lua puts together piece by piece. */
export class GrowingBytes {
  readonly #maxBytes: number;
  #bytes = Buffer.allocUnsafe(256);
  length = 0;

  /** @param maxBytes The most bytes there may be. More are a FunctionError. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The bytes so far, valid until more are added. */
  get view(): Buffer {
    return this.#bytes.subarray(0, this.length);
  }

  byte(value: number): void {
    this.reserve(1);
    this.#bytes[this.length++] = value;
  }

  /** Adds the bytes of `from` between `start` and `end`. */
  add(from: Uint8Array, start = 0, end = from.length): void {
    const length = end - start;
    this.reserve(length);
    const to = this.#bytes;
    if (length < 32) for (let i = 0; i < length; i++) to[this.length + i] = from[start + i];
    else to.set(from.subarray(start, end), this.length);
    this.length += length;
  }

  /** Adds a text with one character per byte. */
  latin1(text: string): void {
    this.reserve(text.length);
    this.length += this.#bytes.write(text, this.length, 'latin1');
  }

  /** Makes room for `count` more bytes and returns the buffer, to write them from `length` on. */
  reserve(count: number): Buffer {
    const needed = this.length + count;
    if (needed > this.#bytes.length) {
      if (needed > this.#maxBytes) throw new FunctionError('not enough memory');
      const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#bytes.length));
      this.#bytes.copy(larger, 0, 0, this.length);
      this.#bytes = larger;
    }
    return this.#bytes;
  }
}
