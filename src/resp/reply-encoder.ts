/** Replies take this much of the buffer before it first grows. */
const INITIAL_BYTES = 1024;
/** A buffer beyond this is given away with what is in it instead of being kept for the next replies. */
const KEPT_BYTES = 16 * 1024;
/** Text up to so many characters is written in a loop: that beats the call into Node's C++. */
const SHORT = 32;
const EMPTY = Buffer.alloc(0);

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
  #buffer: Buffer = EMPTY;
  #length = 0;
  /** Where the reply of the latest command starts. */
  #begun = 0;

  /** @param limit Looked at whenever more room is needed; writing more throws an OutputLimitError. */
  constructor(limit: ReplyLimit = { maxBytes: Infinity }) {
    this.#limit = limit;
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

  /** Hands over what was written: a string of bytes ("latin1") where that is the cheaper socket write. */
  take(): string | Buffer {
    this.#begun = this.#length;
    return this.takeFinished();
  }

  /** As `take`, but keeps what was written since `begin`: the command has not ended yet. */
  takeFinished(): string | Buffer {
    const buffer = this.#buffer;
    const end = this.#begun;
    const written = end <= KEPT_BYTES ? buffer.toString('latin1', 0, end) : buffer.subarray(0, end);
    if (buffer.length > KEPT_BYTES) this.#buffer = Buffer.from(buffer.subarray(end, this.#length));
    else buffer.copyWithin(0, end, this.#length);
    this.#length -= end;
    this.#begun = 0;
    return written;
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
    this.#header(':', value);
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
  bulk(value: Buffer | string): void {
    const bytes = typeof value === 'string' ? Buffer.from(value) : value;
    this.#header('$', bytes.length);
    this.#reserve(bytes.length + 2);
    if (bytes.length <= SHORT) for (let i = 0; i < bytes.length; i++) this.#buffer[this.#length++] = bytes[i];
    else this.#length += bytes.copy(this.#buffer, this.#length);
    this.#ascii('\r\n');
  }

  /** A string of bytes that is a JavaScript string with one character per byte. */
  latin1(text: string): void {
    this.#header('$', text.length);
    this.#reserve(text.length + 2);
    if (text.length <= SHORT) this.#ascii(text);
    else this.#length += this.#buffer.write(text, this.#length, 'latin1');
    this.#ascii('\r\n');
  }

  /** A bulk string, or null where there is none. */
  bulkOrNull(value: Buffer | string | undefined): void {
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
    this.#header('=', bytes.length);
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
    this.#header('*', length);
  }

  /** The start of a map: `size` times a key and a value follow. In RESP2 a flat array. */
  map(size: number): void {
    if (this.protocol === 3) this.#header('%', size);
    else this.#header('*', size * 2);
  }

  /** The start of a set of `size` replies. In RESP2 an array. */
  set(size: number): void {
    this.#header(this.protocol === 3 ? '~' : '*', size);
  }

  /** The start of a push of `length` replies, which answers no request. In RESP2 an array. */
  push(length: number): void {
    this.#header(this.protocol === 3 ? '>' : '*', length);
  }

  #header(type: string, value: number | bigint): void {
    this.#line(type, String(value));
  }

  #line(type: string, text: string): void {
    this.#reserve(type.length + text.length + 2);
    this.#ascii(type);
    this.#ascii(text);
    this.#ascii('\r\n');
  }

  #ascii(text: string): void {
    for (let i = 0; i < text.length; i++) this.#buffer[this.#length++] = text.charCodeAt(i);
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#buffer.length) return;
    const { maxBytes } = this.#limit;
    if (needed > maxBytes) throw new OutputLimitError();
    const capacity = Math.min(Math.max(needed, 2 * this.#buffer.length, INITIAL_BYTES), maxBytes);
    const larger = Buffer.allocUnsafeSlow(capacity);
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}
