import { ProtocolError } from './protocol-error.js';

/** What a client may send. Sizes are in bytes. */
export interface RequestLimits {
  /** The most arguments in one request, the command's name included. */
  readonly maxArguments: number;
  /** The longest argument, at least 99: the guard does not check shorter ones. */
  readonly maxBulk: number;
  /** The longest inline request. */
  readonly maxInline: number;
  /** The longest request in total, headers included. */
  readonly maxRequest: number;
}

/** What Redis accepts from a client that has not authenticated: enough for AUTH, too little to do harm. */
const UNAUTHENTICATED = { maxArguments: 16, maxBulk: 16 * 1024 };

const ASTERISK = 0x2a;
const DOLLAR = 0x24;
const MINUS = 0x2d;
const ZERO = 0x30;
const CR = 0x0d;
const LF = 0x0a;

/** The bounds of more arguments than this are not kept for the next frame: there may be a million. */
const USUAL_ARGUMENTS = 64;

/** Bytes that a number takes in an array that grew by pushing, including spare room. */
const BYTES_PER_BOUND = 12;

/** The shortest bulk string in bytes: `$1`, one byte and two line endings. */
const SHORTEST_BULK = 7;

/** A length has at most ten digits; a longer one is beyond every limit. */
const MAX_DIGITS = 10;

/**
 * Checks the headers of RESP requests before the parser sees them. The parser does not check its input: it would
 * allocate an array for `*30000000`, follow nested arrays and accept any byte as a digit. It receives only complete
 * frames that passed the guard: arrays of bulk strings within the limits.
 *
 * The guard stops where the bytes end and later continues there, so a frame that arrives byte by byte costs no more
 * than one that arrives at once.
 */
export class RequestGuard {
  /** Whether the client has authenticated, or does not have to. */
  trusted = true;

  readonly #limits: RequestLimits;
  /** Where the check continues, counted from the start of the frame. */
  #offset = 0;
  /** Arguments still to come; -1 before the header that says how many. */
  #missing = -1;
  /** The number that `#readHeader` read. */
  #number = 0;
  #bounds: number[] = [];
  #words = 0;

  constructor(limits: RequestLimits) {
    this.#limits = limits;
  }

  /**
   * Where each argument of the frame checked last starts and ends, counted from the start of the frame. Valid until the
   * next check. Only the first `words` pairs belong to this frame.
   */
  get bounds(): readonly number[] {
    return this.#bounds;
  }

  /** How many arguments the frame checked last has. */
  get words(): number {
    return this.#words;
  }

  /** Bytes of memory held for the bounds of a large frame. */
  get held(): number {
    const { length } = this.#bounds;
    return length > 2 * USUAL_ARGUMENTS ? length * BYTES_PER_BOUND : 0;
  }

  /** Frees the bounds of a large frame. Call this when the client has sent nothing else. */
  release(): void {
    if (this.held > 0) this.#bounds = [];
  }

  /** Whether a frame (or an inline request) starts with this byte. */
  static isFrame(byte: number): boolean {
    return byte === ASTERISK;
  }

  /**
   * Checks the frame that starts at `start`, in `bytes` up to `end`.
   * @returns Where it ends, or -1 if it is incomplete: then call again for the same frame with more bytes.
   * @throws ProtocolError for anything but an array of bulk strings within the limits.
   */
  walk(bytes: Buffer, start: number, end: number): number {
    if (this.#missing < 0) {
      const { maxArguments } = this.trusted ? this.#limits : UNAUTHENTICATED;
      const body = this.#readHeader(bytes, start + 1, end, 'invalid multibulk length');
      if (body < 0) return -1;
      if (this.#number > this.#limits.maxArguments) throw new ProtocolError('invalid multibulk length');
      if (this.#number > maxArguments) throw new ProtocolError('unauthenticated multibulk length');
      this.#missing = Math.max(0, this.#number);
      // Shortening an array costs more than the rest of the check. A large array is not kept.
      if (this.#words > USUAL_ARGUMENTS) this.#bounds = [];
      this.#words = 0;
      this.#offset = body - start;
    }
    const bounds = this.#bounds;
    while (this.#missing > 0) {
      const at = start + this.#offset;
      if (at >= end) return -1;
      let next = this.#walkShortBulk(bytes, at, end);
      if (next < 0) next = this.#walkBulk(bytes, at, end);
      if (next < 0) return -1;
      const pair = this.#words++ * 2;
      bounds[pair] = next - 2 - this.#number - start;
      bounds[pair + 1] = next - 2 - start;
      this.#offset = next - start;
      this.#missing--;
    }
    this.#missing = -1;
    return start + this.#offset;
  }

  /**
   * Checks a complete bulk string of 1 to 99 bytes: the fast path for nearly every argument. Returns where it ends, or
   * -1 for anything else, which the slow path then checks.
   */
  #walkShortBulk(bytes: Buffer, at: number, end: number): number {
    if (at + SHORTEST_BULK > end || bytes[at] !== DOLLAR) return -1;
    let length = bytes[at + 1] - ZERO;
    if (length < 1 || length > 9) return -1;
    let body = at + 3;
    if (bytes[at + 2] !== CR) {
      const digit = bytes[at + 2] - ZERO;
      if (digit < 0 || digit > 9 || bytes[at + 3] !== CR) return -1;
      length = length * 10 + digit;
      body++;
    }
    const after = body + 1 + length;
    if (after + 2 > end || bytes[body] !== LF || bytes[after] !== CR || bytes[after + 1] !== LF) return -1;
    this.#number = length;
    return after + 2;
  }

  /** Returns where the bulk string ends, or -1 if it is incomplete. */
  #walkBulk(bytes: Buffer, at: number, end: number): number {
    if (bytes[at] !== DOLLAR) throw new ProtocolError(`expected '$', got '${printable(bytes[at])}'`);
    const body = this.#readHeader(bytes, at + 1, end, 'invalid bulk length');
    if (body < 0) return -1;
    const length = this.#number;
    if (length < 0 || length > this.#limits.maxBulk) throw new ProtocolError('invalid bulk length');
    if (!this.trusted && length > UNAUTHENTICATED.maxBulk) throw new ProtocolError('unauthenticated bulk length');
    const after = body + length;
    if (after + 2 > end) return -1;
    if (bytes[after] !== CR || bytes[after + 1] !== LF) throw new ProtocolError('expected CRLF after bulk');
    return after + 2;
  }

  /**
   * Reads `[-]digits CR LF` into `#number`. Accepts no sign except one minus, and no leading zeros.
   * @returns Where the line ends, or -1 if it is incomplete.
   */
  #readHeader(bytes: Buffer, at: number, end: number, complaint: string): number {
    const negative = at < end && bytes[at] === MINUS;
    const first = negative ? at + 1 : at;
    let number = 0;
    let i = first;
    for (; i < end && bytes[i] !== CR; i++) {
      const digit = bytes[i] - ZERO;
      if (digit < 0 || digit > 9 || i - first >= MAX_DIGITS) throw new ProtocolError(complaint);
      number = number * 10 + digit;
    }
    if (i + 1 >= end) return -1;
    const leadingZero = bytes[first] === ZERO && (negative || i - first > 1);
    if (i === first || leadingZero || bytes[i + 1] !== LF) throw new ProtocolError(complaint);
    this.#number = negative ? -number : number;
    return i + 2;
  }
}

function printable(byte: number): string {
  return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '?';
}
