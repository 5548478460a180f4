import { CodedError } from '../errors.js';

/** Bytes up to which a loop is faster than calling into Node's C++. */
const SHORT = 32;

/** A text that grows, up to a limit. */
export class TextOutput {
  readonly #limit: number;
  readonly #what: string;
  #bytes: Buffer;
  #length = 0;

  /**
   * @param limit The most bytes.
   * @param what What the text is, for the error: `the reply`.
   * @param expected About how many bytes it is going to have.
   */
  constructor(limit: number, what: string, expected: number) {
    this.#limit = limit;
    this.#what = what;
    this.#bytes = Buffer.allocUnsafe(Math.min(Math.max(expected, SHORT), limit));
  }

  /** In bytes. */
  get length(): number {
    return this.#length;
  }

  /** Adds bytes from `start` up to `end`. @throws CodedError if the text becomes too long. */
  add(bytes: Buffer, start = 0, end = bytes.length): void {
    const length = this.#length + end - start;
    if (length > this.#bytes.length) this.#grow(length);
    if (end - start > SHORT) bytes.copy(this.#bytes, this.#length, start, end);
    else for (let from = start, to = this.#length; from < end; ) this.#bytes[to++] = bytes[from++];
    this.#length = length;
  }

  /** Returns the text. The output must not be used afterwards. */
  bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  #grow(length: number): void {
    if (length > this.#limit) throw new CodedError('ERR', `${this.#what} would be longer than ${this.#limit} bytes`);
    const grown = Buffer.allocUnsafe(Math.min(Math.max(length, 2 * this.#bytes.length), this.#limit));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}
