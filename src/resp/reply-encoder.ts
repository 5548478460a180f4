import { Slice } from '../slice.js';
import { giveReplyBufferBack, takeReplyBuffer } from './reply-buffers.js';

/** Output of up to this many bytes is taken as a string, because writing a string to the socket is cheaper. */
const STRING_BYTES = 4 * 1024;
/** The smallest buffer that an encoder does not share, in bytes. */
const LEAST_BYTES = 512;
/** Text up to this many characters is written in a loop, which is faster than calling into Node's C++. */
const SHORT = 32;
const EMPTY = Buffer.alloc(0);

/** The first byte of each RESP type. */
const [DOLLAR, ASTERISK, COLON, EQUALS, PERCENT, TILDE, GREATER] = Buffer.from('$*:=%~>');
const ZERO = 0x30;
const CR = 0x0d;
const LF = 0x0a;
/** The longest header, in bytes: a type, a count and the end of the line. */
const HEADER_BYTES = 20;
const MAX_SAFE = Number.MAX_SAFE_INTEGER;

/** How many bytes may be written between two calls of `take`. */
interface ReplyLimit {
  readonly maxBytes: number;
}

/** The client's unsent replies would take more memory than it is allowed. */
export class OutputLimitError extends Error {
  constructor() {
    super('replies exceed the output buffer limit');
    this.name = 'OutputLimitError';
  }
}

/**
 * Encodes values as RESP. A command says what it replies (a map, a boolean, null); this class knows how RESP2 and RESP3
 * write it. Everything written between two calls of `take` leaves in one socket write.
 *
 * Writing a reply allocates nothing as long as it fits into the buffer.
 */
export class ReplyEncoder {
  /** The protocol version that the client asked for. */
  protocol: 2 | 3 = 2;

  readonly #limit: ReplyLimit;
  readonly #waits: boolean;
  #buffer: Buffer = EMPTY;
  /** How many bytes of the buffer may be written. */
  #capacity = 0;
  #length = 0;
  /** Where the reply to the latest command starts. */
  #begun = 0;
  /** The buffer that `take` returned a view of. */
  #lent: Buffer = EMPTY;

  /**
   * @param limit Checked whenever more room is needed. Writing more than it allows throws an OutputLimitError.
   * @param waits Whether the output waits before it is taken, possibly in thousands of encoders at once. If so, the
   *   encoder has a small buffer that it does not share.
   */
  constructor(limit: ReplyLimit = { maxBytes: Infinity }, waits = false) {
    this.#limit = limit;
    this.#waits = waits;
  }

  /** Bytes written since the last `take`. */
  get length(): number {
    return this.#length;
  }

  /** Starts the reply to a command, which `rewind` can remove again. */
  begin(): void {
    this.#begun = this.#length;
  }

  /** Bytes written since `begin`. Pass this to `rewind` to remove what is written afterwards. */
  get written(): number {
    return this.#length - this.#begun;
  }

  /** Size in bytes of the buffer that `take` last returned a view of; 0 if it returned a string, or after `sent`. */
  get lent(): number {
    return this.#lent.length;
  }

  /** Bytes of memory held. */
  get held(): number {
    return this.#buffer.length;
  }

  /**
   * Removes what was written since `begin`, because a command that fails half-way sends only its error.
   * @param to The value of `written` before the part to be removed; 0 removes everything.
   */
  rewind(to = 0): void {
    this.#length = this.#begun + to;
  }

  /**
   * Writes what has to come before everything written since some point: the length of an array that is known only now.
   * @param from The value of `written` at that point.
   */
  before(from: number, write: () => void): void {
    const start = this.#begun + from;
    const end = this.#length;
    write();
    const head = Buffer.from(this.#buffer.subarray(end, this.#length));
    this.#buffer.copyWithin(start + head.length, start, end);
    head.copy(this.#buffer, start);
  }

  /** Returns what was written since `begin`, as a view that is valid until something else is written. */
  get current(): Buffer {
    return this.#buffer.subarray(this.#begun, this.#length);
  }

  /** Removes what was written since `begin`, and returns a copy of it, because an earlier reply has to go first. */
  cut(): Buffer {
    const end = this.#length;
    this.#length = this.#begun;
    return Buffer.from(this.#buffer.subarray(this.#begun, end));
  }

  /** Appends complete replies, which `rewind` does not remove. A string has one character per byte. */
  append(bytes: string | Buffer): void {
    this.#reserve(bytes.length);
    if (typeof bytes === 'string') this.#length += this.#buffer.write(bytes, this.#length, 'latin1');
    else this.#length += bytes.copy(this.#buffer, this.#length);
  }

  /**
   * Returns the output: a string of bytes ("latin1") if that makes the socket write cheaper, otherwise a view of the
   * buffer, which is reused once `sent` is called.
   */
  take(): string | Buffer {
    this.#begun = this.#length;
    return this.takeFinished();
  }

  /** Like `take`, but keeps what was written since `begin`, because that command has not ended yet. */
  takeFinished(): string | Buffer {
    const buffer = this.#buffer;
    const end = this.#begun;
    const unfinished = this.#length - end;
    this.#buffer = EMPTY;
    this.#capacity = 0;
    this.#length = 0;
    this.#begun = 0;
    if (unfinished > 0) {
      this.#reserve(unfinished);
      this.#length = buffer.copy(this.#buffer, 0, end, end + unfinished);
    }
    // A buffer that was taken earlier and not `sent` is not reused.
    this.#lent = EMPTY;
    if (end > STRING_BYTES) {
      this.#lent = buffer;
      return buffer.subarray(0, end);
    }
    const text = buffer.toString('latin1', 0, end);
    giveReplyBufferBack(buffer);
    return text;
  }

  /** Shrinks the buffer to what it holds, because the output will not be taken for a while. */
  keep(): void {
    const buffer = this.#buffer;
    if (this.#length * 2 > buffer.length || buffer === EMPTY) return;
    this.#buffer = Buffer.allocUnsafeSlow(this.#length);
    this.#capacity = buffer.copy(this.#buffer, 0, 0, this.#length);
    giveReplyBufferBack(buffer);
  }

  /** Call this when the output taken last is no longer needed. Its buffer is then reused. */
  sent(): void {
    giveReplyBufferBack(this.#lent);
    this.#lent = EMPTY;
  }

  ok(): void {
    this.simple('OK');
  }

  /** Writes a short status of ASCII characters without line breaks. */
  simple(status: string): void {
    this.#line('+', status);
  }

  /**
   * Writes an error.
   * @param message Starts with the error code. Line breaks, which would end the reply, become spaces.
   */
  error(message: string): void {
    const line = Buffer.from(message.replace(/[\r\n]/g, ' '));
    this.#reserve(line.length + 3);
    this.#ascii('-');
    this.#length += line.copy(this.#buffer, this.#length);
    this.#ascii('\r\n');
  }

  /** Writes an integer of at most 64 bits. */
  integer(value: number | bigint): void {
    if (typeof value === 'number' && value >= 0 && value <= MAX_SAFE) this.#count(COLON, value);
    else this.#line(':', String(value));
  }

  /** Writes a boolean: 1 or 0 in RESP2. */
  boolean(value: boolean): void {
    if (this.protocol === 3) this.#line('#', value ? 't' : 'f');
    else this.integer(value ? 1 : 0);
  }

  /** Writes a number that may have a fraction: a bulk string in RESP2. */
  double(value: number): void {
    this.number(Number.isFinite(value) ? String(value) : value > 0 ? 'inf' : value < 0 ? '-inf' : 'nan');
  }

  /** Like `double`, for a number that the caller has written as text. */
  number(text: string): void {
    if (this.protocol === 3) this.#line(',', text);
    else this.bulk(text);
  }

  /** Writes a bulk string. A JavaScript string is encoded as UTF-8. */
  bulk(value: Slice | Buffer | string): void {
    const slice = value instanceof Slice ? value : Slice.of(value);
    const { length } = slice;
    this.#reserve(length + HEADER_BYTES + 2);
    this.#header(DOLLAR, length);
    const buffer = this.#buffer;
    const end = slice.writeTo(buffer, this.#length);
    buffer[end] = CR;
    buffer[end + 1] = LF;
    this.#length = end + 2;
  }

  /** Writes an array of bulk strings that have `length` bytes each and lie one after the other. */
  bulksOf(bytes: Buffer, length: number): void {
    this.array(bytes.length / length);
    const slice = Slice.of(bytes);
    for (let at = 0; at < bytes.length; at += length) this.bulk(slice.point(bytes, at, at + length));
  }

  /** Writes the header of a bulk string that is sent separately: `length` bytes and a line ending must follow. */
  bulkHeader(length: number): void {
    this.#count(DOLLAR, length);
  }

  /** Writes a bulk string, given as a JavaScript string with one character per byte. */
  latin1(text: string): void {
    this.#count(DOLLAR, text.length);
    this.#reserve(text.length + 2);
    if (text.length <= SHORT) this.#ascii(text);
    else this.#length += this.#buffer.write(text, this.#length, 'latin1');
    this.#ascii('\r\n');
  }

  /** Writes a bulk string, or null for undefined. */
  bulkOrNull(value: Slice | Buffer | string | undefined): void {
    if (value === undefined) this.null();
    else this.bulk(value);
  }

  /** Writes text for people to read, which RESP3 marks as such. */
  verbatim(text: string): void {
    this.verbatimBytes('txt', Buffer.from(text));
  }

  /** Writes bytes with their format, which has three characters. RESP2 has only the bytes. */
  verbatimBytes(format: string, bytes: Buffer): void {
    if (this.protocol === 2) {
      this.bulk(bytes);
      return;
    }
    this.#count(EQUALS, format.length + 1 + bytes.length);
    this.#reserve(format.length + bytes.length + 3);
    this.#ascii(`${format}:`);
    this.#length += bytes.copy(this.#buffer, this.#length);
    this.#ascii('\r\n');
  }

  /** Writes the digits of an integer of any length: a bulk string in RESP2. */
  bigNumber(digits: string): void {
    if (this.protocol === 3) this.#line('(', digits);
    else this.latin1(digits);
  }

  null(): void {
    this.#line(this.protocol === 3 ? '_' : '$-1', '');
  }

  /** Writes null where an array is expected. */
  nullArray(): void {
    this.#line(this.protocol === 3 ? '_' : '*-1', '');
  }

  /** Writes the header of an array: `length` replies must follow. */
  array(length: number): void {
    this.#count(ASTERISK, length);
  }

  /** Writes the header of a map: `size` pairs of a key and a value must follow. A flat array in RESP2. */
  map(size: number): void {
    if (this.protocol === 3) this.#count(PERCENT, size);
    else this.#count(ASTERISK, size * 2);
  }

  /** Writes the header of a set: `size` replies must follow. An array in RESP2. */
  set(size: number): void {
    this.#count(this.protocol === 3 ? TILDE : ASTERISK, size);
  }

  /**
   * Writes a set whose size is known only after its elements.
   * @param write Writes the elements, and returns how many it wrote.
   */
  setOf(write: () => number): void {
    this.#reserve(HEADER_BYTES);
    const start = this.#length;
    const first = start + HEADER_BYTES;
    this.#length = first;
    const size = write();
    const end = this.#length;
    this.#length = start;
    this.set(size);
    // The header is usually shorter than the room left for it.
    this.#buffer.copyWithin(this.#length, first, end);
    this.#length += end - first;
  }

  /** Writes a set of statuses, see `simple`. */
  statuses(statuses: readonly string[]): void {
    this.set(statuses.length);
    for (const status of statuses) this.simple(status);
  }

  /** Writes the header of a push message, which answers no request: `length` replies must follow. An array in RESP2. */
  push(length: number): void {
    this.#count(this.protocol === 3 ? GREATER : ASTERISK, length);
  }

  #count(type: number, count: number): void {
    this.#reserve(HEADER_BYTES);
    this.#header(type, count);
  }

  /** Writes a type and a count from 0 to `MAX_SAFE`. The caller has made room. */
  #header(type: number, count: number): void {
    const buffer = this.#buffer;
    let at = this.#length;
    buffer[at++] = type;
    if (count < 10) {
      buffer[at++] = ZERO + count;
    } else if (count < 100) {
      const tens = (count / 10) | 0;
      buffer[at++] = ZERO + tens;
      buffer[at++] = ZERO + count - tens * 10;
    } else {
      const digits = String(count);
      for (let i = 0; i < digits.length; i++) buffer[at++] = digits.charCodeAt(i);
    }
    buffer[at++] = CR;
    buffer[at++] = LF;
    this.#length = at;
  }

  #line(type: string, text: string): void {
    this.#reserve(type.length + text.length + 2);
    this.#ascii(type);
    this.#ascii(text);
    this.#ascii('\r\n');
  }

  #ascii(text: string): void {
    const buffer = this.#buffer;
    const at = this.#length;
    for (let i = 0; i < text.length; i++) buffer[at + i] = text.charCodeAt(i);
    this.#length = at + text.length;
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#capacity) return;
    const { maxBytes } = this.#limit;
    if (needed > maxBytes) throw new OutputLimitError();
    const wanted = Math.min(Math.max(needed, 2 * this.#length, LEAST_BYTES), maxBytes);
    const larger = this.#waits ? Buffer.allocUnsafeSlow(wanted) : takeReplyBuffer(wanted);
    this.#buffer.copy(larger, 0, 0, this.#length);
    giveReplyBufferBack(this.#buffer);
    this.#buffer = larger;
    this.#capacity = Math.min(larger.length, maxBytes);
  }
}
