/**
 * A range of bytes inside a buffer. Arguments of requests, and keys and values of the store, are passed as slices:
 * making one copies nothing and takes a tenth of the time that making a Buffer takes.
 *
 * A slice is valid as long as the bytes beneath it do not change. Call `copy` to keep them.
 */
export class Slice {
  bytes: Buffer;
  /** Where in the buffer it starts. */
  start: number;
  /** The index after its last byte. */
  end: number;

  constructor(bytes: Buffer, start: number, end: number) {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
  }

  /** Makes it a slice of other bytes. */
  point(bytes: Buffer, start: number, end: number): this {
    // Usually the buffer is the same, and a comparison is faster than a write, which V8's collector has to know of.
    if (this.bytes !== bytes) this.bytes = bytes;
    this.start = start;
    this.end = end;
    return this;
  }

  /** Makes a slice of a complete buffer, or of a text's bytes in UTF-8. */
  static of(whole: Buffer | string): Slice {
    const bytes = typeof whole === 'string' ? Buffer.from(whole) : whole;
    return new Slice(bytes, 0, bytes.length);
  }

  /** In bytes. */
  get length(): number {
    return this.end - this.start;
  }

  /** Returns a view of the same bytes. */
  toBuffer(): Buffer {
    return this.bytes.subarray(this.start, this.end);
  }

  /** Returns a copy of the bytes. */
  copy(): Buffer {
    return Buffer.from(this.toBuffer());
  }

  /** Returns the bytes as text with one character per byte. */
  latin1(): string {
    return this.bytes.toString('latin1', this.start, this.end);
  }

  /** Returns the bytes as text, decoded as UTF-8. */
  toString(): string {
    return this.bytes.toString('utf8', this.start, this.end);
  }

  equals(other: Slice): boolean {
    return this.length === other.length && this.isAt(other.bytes, other.start);
  }

  /** Whether its bytes equal those in `bytes` from `at` on. */
  isAt(bytes: Buffer, at: number): boolean {
    // Keys are short, so a loop is faster than calling into Node's C++.
    for (let from = this.start, to = at; from < this.end; from++, to++) {
      if (this.bytes[from] !== bytes[to]) return false;
    }
    return true;
  }

  /** Returns a negative number if it comes before another slice in the order of bytes, 0 if they are equal. */
  compare(other: Slice): number {
    const end = this.start + Math.min(this.length, other.length, SHORT);
    for (let from = this.start, to = other.start; from < end; from++, to++) {
      if (this.bytes[from] !== other.bytes[to]) return this.bytes[from] - other.bytes[to];
    }
    if (this.length <= SHORT || other.length <= SHORT) return this.length - other.length;
    return this.bytes.compare(other.bytes, other.start, other.end, this.start, this.end);
  }

  /** Copies its bytes into `bytes` from `at` on. Returns the index after them. */
  writeTo(bytes: Buffer, at: number): number {
    if (this.end - this.start > SHORT) return at + this.bytes.copy(bytes, at, this.start, this.end);
    let to = at;
    for (let from = this.start; from < this.end; from++) bytes[to++] = this.bytes[from];
    return to;
  }
}

/** Up to this many bytes are copied in a loop, which is faster than calling into Node's C++. */
const SHORT = 40;
