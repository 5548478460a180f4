const DASH = 0x2d;
const ZERO = 0x30;

/** The id of an entry of a stream: `<ms>-<number>`. */
export class EntryId {
  readonly ms: number;
  readonly number: number;

  constructor(ms: number, number: number) {
    this.ms = ms;
    this.number = number;
  }

  /** Reads the id at the beginning of some bytes. @param end Where it ends. */
  static read(bytes: Uint8Array, end = bytes.length): EntryId {
    let ms = 0;
    let at = 0;
    for (; bytes[at] !== DASH && at < end; at++) ms = ms * 10 + bytes[at] - ZERO;
    let number = 0;
    for (at++; at < end; at++) number = number * 10 + bytes[at] - ZERO;
    return new EntryId(ms, number);
  }

  isAfter(other: EntryId): boolean {
    return this.ms === other.ms ? this.number > other.number : this.ms > other.ms;
  }

  toString(): string {
    return `${this.ms}-${this.number}`;
  }
}
