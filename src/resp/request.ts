import { Slice } from '../slice.js';

/**
 * A command's name and its arguments, as they lie in the bytes read. Good until the next one is pulled; who keeps it longer
 * takes a `copy`.
 */
export class Request {
  readonly #bytes: Buffer;
  readonly #origin: number;
  readonly #bounds: readonly number[];
  /** How many words it has, the command's name included. */
  readonly length: number;

  /**
   * @param bounds Where each word starts and where it ends, in turn, counted from `origin`. Not copied.
   */
  constructor(bytes: Buffer, origin: number, bounds: readonly number[], length: number) {
    this.#bytes = bytes;
    this.#origin = origin;
    this.#bounds = bounds;
    this.length = length;
  }

  /** A request of these words, copied. */
  static of(words: readonly Buffer[]): Request {
    const bounds: number[] = [];
    let at = 0;
    for (const word of words) {
      bounds.push(at, at + word.length);
      at += word.length;
    }
    return new Request(Buffer.concat(words, at), 0, bounds, words.length);
  }

  /** A request of words that are views of `bytes`. */
  static cutFrom(bytes: Buffer, words: readonly Buffer[]): Request {
    const bounds: number[] = [];
    for (const word of words) {
      if (word.buffer !== bytes.buffer) return Request.of(words);
      const start = word.byteOffset - bytes.byteOffset;
      bounds.push(start, start + word.length);
    }
    return new Request(bytes, 0, bounds, words.length);
  }

  /** Bytes of all words. */
  get bytes(): number {
    let bytes = 0;
    for (let at = 0; at < this.length * 2; at += 2) bytes += this.#bounds[at + 1] - this.#bounds[at];
    return bytes;
  }

  /** A word, counted from 0. */
  word(index: number): Slice {
    const at = index << 1;
    return new Slice(this.#bytes, this.#origin + this.#bounds[at], this.#origin + this.#bounds[at + 1]);
  }

  /** The words from one on, up to another or the last, as views. */
  words(from = 0, to = this.length): Buffer[] {
    const words: Buffer[] = [];
    for (let index = from; index < Math.min(to, this.length); index++) words.push(this.word(index).toBuffer());
    return words;
  }

  /** A request with bytes of its own. */
  copy(): Request {
    return Request.of(this.words());
  }
}
