import { Slice } from '../../../slice.js';
import type { Argument } from '../nodes.js';

/** Requests are written one after the other into chunks of this many bytes, or a larger one if a request needs it. */
const CHUNK = 64 * 1024;

/** The most bytes that the header of a bulk string takes, with the line end after the string: `$2147483647\r\n`, `\r\n`. */
const FRAME = 14;

const CR = 13;
const LF = 10;
const DOLLAR = 36;

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
   * Appends a request. It is in `chunk` until `end`.
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
    const { chunk } = this;
    if (arg instanceof Slice) {
      this.#appendHeader(arg.end - arg.start);
      this.end += arg.bytes.copy(chunk, this.end, arg.start, arg.end);
    } else if (typeof arg === 'object') {
      this.#appendHeader(arg.length);
      chunk.set(arg, this.end);
      this.end += arg.length;
    } else {
      const text = String(arg);
      this.#appendHeader(Buffer.byteLength(text));
      this.end += chunk.write(text, this.end);
    }
    chunk[this.end] = CR;
    chunk[this.end + 1] = LF;
    this.end += 2;
  }

  #appendHeader(length: number): void {
    const { chunk } = this;
    let { end } = this;
    chunk[end++] = DOLLAR;
    let unit = 1;
    while (unit * 10 <= length) unit *= 10;
    for (; unit >= 1; unit /= 10) chunk[end++] = 48 + (Math.trunc(length / unit) % 10);
    chunk[end++] = CR;
    chunk[end++] = LF;
    this.end = end;
  }
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

/** Returns an argument that is ASCII as it is sent. */
export function bulkString(text: string): string {
  return `$${text.length}\r\n${text}\r\n`;
}
