import { Slice } from '../../../slice.js';
import type { Argument } from './nodes.js';

/** Requests are written one after the other into chunks of this many bytes, or a larger one if a request needs it. */
const CHUNK = 64 * 1024;

/** The most bytes that the header of a bulk string and the line end after it take: `$2147483647\r\n`, `\r\n`. */
const FRAME = 14;

const CR = 13;
const LF = 10;
const DOLLAR = 36;
const ZERO = 48;

/** Numbers from 0 to this are written digit by digit. */
const MOST_DIGITS = 1e15;

/** The longest text that is written character by character. */
const SHORT = 64;

/** Encodes requests. Those that follow each other are in one chunk, so they can be sent without copying them again. */
export class RequestBytes {
  /** A chunk is never overwritten, because requests that wait for their reply may have to be sent again. */
  chunk: Buffer = Buffer.alloc(0);
  end = 0;
  readonly #chunkBytes: number;

  constructor(chunkBytes = CHUNK) {
    this.#chunkBytes = chunkBytes;
  }

  /**
   * Appends a request. In `chunk`, it ends at `end`.
   * @param start Its first arguments, encoded; all of it is ASCII.
   * @param startCount How many arguments these are.
   * @returns Where it starts in `chunk`.
   */
  append(start: string, startCount: number, args: readonly Argument[]): number {
    this.#reserve(FRAME + start.length + sizeOf(args));
    const from = this.end;
    this.end += this.chunk.write(`*${startCount + args.length}\r\n${start}`, this.end, 'latin1');
    for (const arg of args) this.#appendArgument(arg);
    return from;
  }

  #reserve(bytes: number): void {
    if (this.chunk.length - this.end >= bytes) return;
    this.chunk = Buffer.allocUnsafeSlow(Math.max(this.#chunkBytes, bytes));
    this.end = 0;
  }

  #appendArgument(arg: Argument): void {
    if (arg instanceof Slice) {
      this.#appendHeader(arg.end - arg.start);
      this.end = arg.writeTo(this.chunk, this.end);
    } else if (typeof arg === 'object') {
      this.#appendHeader(arg.length);
      this.chunk.set(arg, this.end);
      this.end += arg.length;
    } else if (typeof arg === 'string') {
      this.#appendText(arg);
    } else if (Number.isInteger(arg) && arg >= 0 && arg < MOST_DIGITS) {
      this.#appendHeader(digitsIn(arg));
      this.#appendDigits(arg);
    } else {
      this.#appendText(String(arg));
    }
    this.chunk[this.end++] = CR;
    this.chunk[this.end++] = LF;
  }

  #appendText(text: string): void {
    // Writing a short text byte by byte takes less time than calling into Node's C++ twice.
    if (text.length <= SHORT) {
      const { end } = this;
      this.#appendHeader(text.length);
      if (this.#appendAscii(text)) return;
      this.end = end;
    }
    this.#appendHeader(Buffer.byteLength(text));
    this.end += this.chunk.write(text, this.end);
  }

  /** Returns false if the text is not ASCII. The bytes that were written must then be overwritten. */
  #appendAscii(text: string): boolean {
    const { chunk, end } = this;
    const { length } = text;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code >= 128) return false;
      chunk[end + i] = code;
    }
    this.end = end + length;
    return true;
  }

  #appendHeader(length: number): void {
    this.chunk[this.end++] = DOLLAR;
    this.#appendDigits(length);
    this.chunk[this.end++] = CR;
    this.chunk[this.end++] = LF;
  }

  /** @param number A whole number from 0 to `MOST_DIGITS`. */
  #appendDigits(number: number): void {
    const { chunk } = this;
    const count = digitsIn(number);
    let rest = number;
    for (let at = this.end + count - 1; at >= this.end; at--) {
      const next = Math.trunc(rest / 10);
      chunk[at] = ZERO + rest - next * 10;
      rest = next;
    }
    this.end += count;
  }
}

/** Returns how many decimal digits a whole number has. */
function digitsIn(number: number): number {
  let count = 1;
  for (let limit = 10; limit <= number; limit *= 10) count++;
  return count;
}

/** Returns an upper bound of the bytes that arguments take. */
function sizeOf(args: readonly Argument[]): number {
  let size = 0;
  for (const arg of args) {
    if (arg instanceof Slice) size += FRAME + arg.end - arg.start;
    else if (typeof arg === 'object') size += FRAME + arg.length;
    // A UTF-16 unit takes at most three bytes in UTF-8, a number at most 25 characters.
    else size += FRAME + (typeof arg === 'string' ? arg.length * 3 : 25);
  }
  return size;
}

/** Returns an argument as it is sent. @param text ASCII. */
export function bulkString(text: string): string {
  return `$${text.length}\r\n${text}\r\n`;
}
