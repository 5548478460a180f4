import { isUtf8 } from 'node:buffer';
import { Slice } from './slice.js';

/** One byte becomes at most this many bytes: `\u0000`. */
const WIDEST = 6;
/** Bytes that are escaped between two checks for room. */
const BLOCK = 128;
/**
 * Runs shorter than this, in bytes, are checked and copied byte by byte. That is faster than a call into Node's C++.
 */
const SHORT = 32;

/** The prefix of a key that is encoded as base64. */
const BASE64 = Slice.of('base64:');

/**
 * For each byte: 0 if it needs no escape, 1 if it is escaped as `\u00…`, otherwise the character after the backslash.
 */
const ESCAPES = new Uint8Array(256).fill(1, 0, 0x20);
for (const [byte, behind] of Object.entries({
  '"': '"',
  '\\': '\\',
  '\b': 'b',
  '\t': 't',
  '\n': 'n',
  '\f': 'f',
  '\r': 'r',
})) {
  ESCAPES[byte.charCodeAt(0)] = behind.charCodeAt(0);
}
const [BACKSLASH, U, ZERO, QUOTE] = Buffer.from('\\u0"');
const HEX = Buffer.from('0123456789abcdef');

/**
 * Writes JSON whose texts are given as bytes, up to a limit, without creating strings. Beyond the limit it is `full`,
 * writes nothing more, and can only be rewound to a `mark`. JSON is text but bytes need not be: a value that is not
 * UTF-8 becomes `{"base64": "…"}`, and such a key becomes `base64:…`.
 *
 * It takes up to 3 ms per MB of output, whatever the content.
 */
export class JsonWriter {
  /** A buffer of this many bytes is reused for each text. A longer text gets a separate buffer. */
  static readonly KEPT_BYTES = 16 * 1024;

  #limit = 0;
  #end = '';
  #kept = Buffer.allocUnsafeSlow(JsonWriter.KEPT_BYTES);
  #buffer = this.#kept;
  #at = 0;
  #full = false;

  /**
   * Begins a text.
   * @param limit The most bytes of the text.
   * @param end The text's last characters, for which room is kept.
   */
  begin(limit: number, end: string): void {
    this.#limit = limit - end.length;
    this.#end = end;
    this.#buffer = this.#kept;
    this.#at = 0;
    this.#full = false;
  }

  /** Whether something did not fit. */
  get full(): boolean {
    return this.#full;
  }

  /** Marks the text as full because something does not fit. */
  fill(): void {
    this.#full = true;
  }

  /** Bytes that may still be written. */
  get room(): number {
    return this.#full ? 0 : this.#limit - this.#at;
  }

  /** The current position, for `rewind`. */
  get mark(): number {
    return this.#at;
  }

  /** Discards what was written since a mark. */
  rewind(mark: number): void {
    this.#at = mark;
    this.#full = false;
  }

  /** Writes JSON that is ASCII, unchanged. */
  raw(json: string): void {
    if (!this.#reserve(json.length)) return;
    for (let i = 0; i < json.length; i++) this.#buffer[this.#at++] = json.charCodeAt(i);
  }

  /** Writes a value. */
  value(bytes: Slice): void {
    if (isText(bytes)) {
      this.#text(bytes);
      return;
    }
    this.raw('{"base64":"');
    this.#base64(bytes);
    this.raw('"}');
  }

  /** Writes a key. A key that begins like an encoded one is encoded too, so it cannot be mistaken for one. */
  key(bytes: Slice): void {
    const looksEncoded = bytes.length >= BASE64.length && BASE64.isAt(bytes.bytes, bytes.start);
    if (isText(bytes) && !looksEncoded) {
      this.#text(bytes);
      return;
    }
    this.raw('"base64:');
    this.#base64(bytes);
    this.raw('"');
  }

  /**
   * Ends the text and returns it. A text of up to `JsonWriter.KEPT_BYTES` is valid until the next `begin`, a longer one
   * indefinitely.
   */
  take(): Buffer {
    this.#limit += this.#end.length;
    this.raw(this.#end);
    return this.#buffer.subarray(0, this.#at);
  }

  #text({ bytes, start, end }: Slice): void {
    // Usually nothing needs an escape. If escapes use up the room, the loop notices.
    if (!this.#reserve(end - start + 2)) return;
    this.#buffer[this.#at++] = QUOTE;
    for (let from = start; from < end; ) {
      const plain = endOfPlain(bytes, from, end);
      if (plain - from >= SHORT) {
        this.#grow(plain - from + 1);
        this.#at += bytes.copy(this.#buffer, this.#at, from, plain);
        from = plain;
      }
      const to = Math.min(end, from + BLOCK);
      // There is always room for one escaped block, even beyond the limit.
      this.#grow((to - from) * WIDEST + 1);
      this.#at = escapeInto(this.#buffer, this.#at, bytes, from, to);
      from = to;
      if (this.#at + (end - from) < this.#limit) continue;
      this.#full = true;
      return;
    }
    this.#buffer[this.#at++] = QUOTE;
  }

  #base64(bytes: Slice): void {
    const length = 4 * Math.ceil(bytes.length / 3);
    if (!this.#reserve(length)) return;
    this.#at += this.#buffer.write(bytes.toBuffer().toString('base64'), this.#at, 'latin1');
  }

  /** Makes room for this many bytes. Returns false if they exceed the limit. */
  #reserve(bytes: number): boolean {
    if (this.#full || this.#at + bytes > this.#limit) {
      this.#full = true;
      return false;
    }
    this.#grow(bytes);
    return true;
  }

  #grow(bytes: number): void {
    const needed = this.#at + bytes;
    if (needed <= this.#buffer.length) return;
    const most = this.#limit + BLOCK * WIDEST;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, Math.min(2 * this.#buffer.length, most)));
    this.#buffer.copy(larger, 0, 0, this.#at);
    this.#buffer = larger;
  }
}

/** Returns the end of the run of bytes from `from` on that need no escape. */
function endOfPlain(bytes: Buffer, from: number, end: number): number {
  let at = from;
  while (at < end && ESCAPES[bytes[at]] === 0) at++;
  return at;
}

/** Escapes UTF-8 bytes for a JSON string. Returns the next position in `into`. */
function escapeInto(into: Buffer, start: number, bytes: Buffer, from: number, to: number): number {
  let at = start;
  for (let i = from; i < to; i++) {
    const byte = bytes[i];
    const escaped = ESCAPES[byte];
    if (escaped === 0) {
      into[at++] = byte;
      continue;
    }
    into[at++] = BACKSLASH;
    if (escaped !== 1) {
      into[at++] = escaped;
      continue;
    }
    into[at++] = U;
    into[at++] = ZERO;
    into[at++] = ZERO;
    into[at++] = HEX[byte >> 4];
    into[at++] = HEX[byte & 15];
  }
  return at;
}

function isText(slice: Slice): boolean {
  const { bytes, start, end } = slice;
  if (end - start < SHORT) {
    let at = start;
    while (at < end && bytes[at] < 0x80) at++;
    if (at === end) return true;
  }
  return isUtf8(slice.toBuffer());
}
