import { Slice } from '../slice.js';
import { giveReplyBufferBack, takeReplyBuffer } from './reply-buffers.js';

/** Up to so many bytes leave as a string: that is the cheaper socket write. */
const STRING_BYTES = 4 * 1024;
/** A buffer of an encoder's own has at least so many bytes. */
const LEAST_BYTES = 512;
/** Text up to so many characters is written in a loop: that beats the call into Node's C++. */
const SHORT = 32;
const EMPTY = Buffer.alloc(0);

/** Bytes that the types of RESP start with. */
const [DOLLAR, ASTERISK, COLON, EQUALS, PERCENT, TILDE, GREATER] = Buffer.from('$*:=%~>');
const ZERO = 0x30;
const CR = 0x0d;
const LF = 0x0a;
/** A type, a count, the end of the line: as long as such a header gets. */
const HEADER_BYTES = 20;
const MAX_SMALL = Number.MAX_SAFE_INTEGER;

/** What may be written between two calls of `take`. */
export interface ReplyLimit {
  readonly maxBytes: number;
}

/** Owed replies would take more memory than this client is allowed. */
export class OutputLimitError extends Error {
  constructor() {
    super('replies exceed the output buffer limit');
    this.name = 'OutputLimitError';
  }
}

/**
 * Values → RESP bytes. Commands say what they reply (a map, a boolean, null), this class how RESP2 and
 * RESP3 write it; everything written between two calls of `take` leaves in one socket write.
 *
 * Writing a reply allocates nothing as long as it fits the buffer.
 */
export class ReplyEncoder {
  /** The protocol version that the client asked for. */
  protocol: 2 | 3 = 2;

  readonly #limit: ReplyLimit;
  readonly #waits: boolean;
  #buffer: Buffer = EMPTY;
  /** Bytes of it that may be written. */
  #capacity = 0;
  #length = 0;
  /** Where the reply of the latest command starts. */
  #begun = 0;
  /** What `take` gave a view of. */
  #lent: Buffer = EMPTY;

  /**
   * @param limit Looked at whenever more room is needed; writing more throws an OutputLimitError.
   * @param waits Whether what is written waits to be taken, in thousands of encoders at a time maybe: it then gets a small
   *   buffer of its own.
   */
  constructor(limit: ReplyLimit = { maxBytes: Infinity }, waits = false) {
    this.#limit = limit;
    this.#waits = waits;
  }

  /** Bytes written since the last `take`. */
  get length(): number {
    return this.#length;
  }

  /** Starts the reply of a command, which `rewind` can take back. */
  begin(): void {
    this.#begun = this.#length;
  }

  /** Bytes written since `begin`: where a part of the reply starts, for `rewind`. */
  get written(): number {
    return this.#length - this.#begun;
  }

  /** Bytes of the buffer that `take` gave a view of last; 0 if it gave a string, or if that was `sent`. */
  get lent(): number {
    return this.#lent.length;
  }

  /** Bytes of memory that are held. */
  get held(): number {
    return this.#buffer.length;
  }

  /**
   * Takes back what was written since `begin`: a command that failed half-way said nothing.
   * @param to What `written` was before the part that is taken back; 0 for all of it.
   */
  rewind(to = 0): void {
    this.#length = this.#begun + to;
  }

  /** Adds what another encoder wrote: whole replies, which stay as they are whatever follows. */
  append(bytes: string | Buffer): void {
    this.#reserve(bytes.length);
    if (typeof bytes === 'string') this.#length += this.#buffer.write(bytes, this.#length, 'latin1');
    else this.#length += bytes.copy(this.#buffer, this.#length);
  }

  /**
   * Hands over what was written: a string of bytes ("latin1") where that is the cheaper socket write, else a view of the
   * buffer, which is used again if `sent` is called.
   */
  take(): string | Buffer {
    this.#begun = this.#length;
    return this.takeFinished();
  }

  /** As `take`, but keeps what was written since `begin`: the command has not ended yet. */
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
    // What was taken before is not `sent` any more.
    this.#lent = EMPTY;
    if (end > STRING_BYTES) {
      this.#lent = buffer;
      return buffer.subarray(0, end);
    }
    const text = buffer.toString('latin1', 0, end);
    giveReplyBufferBack(buffer);
    return text;
  }

  /** What was written is not taken for a while: it takes no more memory than it needs. */
  keep(): void {
    const buffer = this.#buffer;
    if (this.#length * 2 > buffer.length || buffer === EMPTY) return;
    this.#buffer = Buffer.allocUnsafeSlow(this.#length);
    this.#capacity = buffer.copy(this.#buffer, 0, 0, this.#length);
    giveReplyBufferBack(buffer);
  }

  /** What was taken last is not needed any more. */
  sent(): void {
    giveReplyBufferBack(this.#lent);
    this.#lent = EMPTY;
  }

  ok(): void {
    this.simple('OK');
  }

  /** A short status of ASCII characters without line breaks. */
  simple(status: string): void {
    this.#line('+', status);
  }

  /** @param message Its first word is the code; line breaks, which would end the reply, become spaces. */
  error(message: string): void {
    const line = Buffer.from(message.replace(/[\r\n]/g, ' '));
    this.#reserve(line.length + 3);
    this.#ascii('-');
    this.#length += line.copy(this.#buffer, this.#length);
    this.#ascii('\r\n');
  }

  /** An integer of at most 64 bits. */
  integer(value: number | bigint): void {
    if (typeof value === 'number' && value >= 0 && value <= MAX_SMALL) this.#count(COLON, value);
    else this.#line(':', String(value));
  }

  /** A boolean; in RESP2 1 or 0. */
  boolean(value: boolean): void {
    if (this.protocol === 3) this.#line('#', value ? 't' : 'f');
    else this.integer(value ? 1 : 0);
  }

  /** A number that may have a fraction; in RESP2 a bulk string. */
  double(value: number): void {
    const text = Number.isFinite(value) ? String(value) : value > 0 ? 'inf' : value < 0 ? '-inf' : 'nan';
    if (this.protocol === 3) this.#line(',', text);
    else this.bulk(text);
  }

  /** A string of bytes; a JavaScript string is written as UTF-8. */
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

  /** The start of a string of bytes that is sent apart: `length` bytes and the end of a line follow. */
  bulkHeader(length: number): void {
    this.#count(DOLLAR, length);
  }

  /** A string of bytes that is a JavaScript string with one character per byte. */
  latin1(text: string): void {
    this.#count(DOLLAR, text.length);
    this.#reserve(text.length + 2);
    if (text.length <= SHORT) this.#ascii(text);
    else this.#length += this.#buffer.write(text, this.#length, 'latin1');
    this.#ascii('\r\n');
  }

  /** A bulk string, or null where there is none. */
  bulkOrNull(value: Slice | Buffer | string | undefined): void {
    if (value === undefined) this.null();
    else this.bulk(value);
  }

  /** Text for a person, which RESP3 marks as such. */
  verbatim(text: string): void {
    if (this.protocol === 2) {
      this.bulk(text);
      return;
    }
    const bytes = Buffer.from(`txt:${text}`);
    this.#count(EQUALS, bytes.length);
    this.#reserve(bytes.length + 2);
    this.#length += bytes.copy(this.#buffer, this.#length);
    this.#ascii('\r\n');
  }

  null(): void {
    this.#line(this.protocol === 3 ? '_' : '$-1', '');
  }

  /** Null in the place of an array. */
  nullArray(): void {
    this.#line(this.protocol === 3 ? '_' : '*-1', '');
  }

  /** The start of an array of `length` replies. */
  array(length: number): void {
    this.#count(ASTERISK, length);
  }

  /** The start of a map: `size` times a key and a value follow. In RESP2 a flat array. */
  map(size: number): void {
    if (this.protocol === 3) this.#count(PERCENT, size);
    else this.#count(ASTERISK, size * 2);
  }

  /** The start of a set of `size` replies. In RESP2 an array. */
  set(size: number): void {
    this.#count(this.protocol === 3 ? TILDE : ASTERISK, size);
  }

  /** The start of a push of `length` replies, which answers no request. In RESP2 an array. */
  push(length: number): void {
    this.#count(this.protocol === 3 ? GREATER : ASTERISK, length);
  }

  #count(type: number, count: number): void {
    this.#reserve(HEADER_BYTES);
    this.#header(type, count);
  }

  /** Writes a type and a count from 0 to `MAX_SMALL`, for which there is room. */
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
