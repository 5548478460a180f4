/**
 * A run of bytes inside a buffer. What arrives in a request and what lies in the store is passed about as slices: making
 * one costs a tenth of what a Buffer of its own does, and copies nothing.
 *
 * A slice is good as long as the bytes beneath it stay: who wants to keep them takes a `copy`.
 */
export class Slice {
  bytes: Buffer;
  /** Where in the buffer it starts. */
  start: number;
  /** The place behind its last byte. */
  end: number;

  constructor(bytes: Buffer, start: number, end: number) {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
  }

  /** All of a buffer, or the bytes of a text in UTF-8. */
  static of(whole: Buffer | string): Slice {
    const bytes = typeof whole === 'string' ? Buffer.from(whole) : whole;
    return new Slice(bytes, 0, bytes.length);
  }

  /** In bytes. */
  get length(): number {
    return this.end - this.start;
  }

  /** A view of the same bytes. */
  toBuffer(): Buffer {
    return this.bytes.subarray(this.start, this.end);
  }

  /** The bytes in memory of their own. */
  copy(): Buffer {
    return Buffer.from(this.toBuffer());
  }

  /** As text with one character per byte. */
  latin1(): string {
    return this.bytes.toString('latin1', this.start, this.end);
  }

  /** As text, read as UTF-8. */
  toString(): string {
    return this.bytes.toString('utf8', this.start, this.end);
  }

  equals(other: Slice): boolean {
    return this.length === other.length && this.isAt(other.bytes, other.start);
  }

  /** Whether its bytes are those at `at`. */
  isAt(bytes: Buffer, at: number): boolean {
    // For keys as short as they are, a loop beats the call into Node's C++.
    for (let from = this.start, to = at; from < this.end; from++, to++) {
      if (this.bytes[from] !== bytes[to]) return false;
    }
    return true;
  }

  /** Copies its bytes to `at`. Returns the place behind them. */
  writeTo(bytes: Buffer, at: number): number {
    if (this.end - this.start > SHORT) return at + this.bytes.copy(bytes, at, this.start, this.end);
    let to = at;
    for (let from = this.start; from < this.end; from++) bytes[to++] = this.bytes[from];
    return to;
  }
}

/** Up to so many bytes are copied in a loop: that beats the call into Node's C++. */
const SHORT = 40;
