import RedisParser from 'redis-parser';
import { splitInlineRequest } from './inline-request.js';
import { ProtocolError } from './protocol-error.js';
import { Request } from './request.js';
import { RequestGuard, type RequestLimits } from './request-guard.js';

export type { RequestLimits };

const CR = 0x0d;
const LF = 0x0a;
const EMPTY = Buffer.alloc(0);
/**
 * The most bytes of one socket read. A larger buffer was made to gather a request, and is not kept for a small
 * remainder.
 */
const KEPT_BYTES = 64 * 1024;

/**
 * Decodes bytes into requests, which the connection pulls one at a time. So the limits that AUTH changes apply to what
 * follows it in the same read, and a connection with too many unsent replies simply stops pulling.
 *
 * An incomplete request is gathered in one buffer, which doubles when it is full. So an incomplete request takes at
 * most twice as much memory as the client has sent.
 */
export class RequestDecoder {
  readonly #guard: RequestGuard;
  readonly #limits: RequestLimits;
  /** The bytes not decoded yet are `#buffer[#start, #end)`. */
  #buffer: Buffer = EMPTY;
  #start = 0;
  #end = 0;
  /** Where the request pulled last begins. */
  #pulled = 0;
  /** Whether the buffer is the one given to `push`, which its owner uses again. */
  #borrowed = false;
  /** Whether the current request was incomplete when it was last examined. */
  #spansReads = false;
  /** In an inline request, how many bytes from `#start` contain no line ending. */
  #searched = 0;
  /** The request that `next` returns, unless it came in several reads or as a line. */
  readonly #request = new Request(EMPTY, 0, [], 0);

  constructor(limits: RequestLimits) {
    this.#limits = limits;
    this.#guard = new RequestGuard(limits);
  }

  /** Whether the client has authenticated, or does not have to. Until then its requests must be much smaller. */
  set trusted(trusted: boolean) {
    this.#guard.trusted = trusted;
  }

  /** Bytes of requests that have not been pulled yet. */
  get pending(): number {
    return this.#end - this.#start;
  }

  /** Bytes of memory held for these requests. */
  get held(): number {
    return this.#borrowed ? this.pending : this.#buffer.length;
  }

  /** Bytes of memory held for the positions of the current request's arguments. */
  get heldBounds(): number {
    return this.#guard.held;
  }

  /**
   * Adds the first `length` bytes of a chunk from the socket. They must not change until `keep` is called. They are
   * copied only if a request spans two reads.
   */
  push(chunk: Buffer, length = chunk.length): void {
    const pending = this.pending;
    if (pending === 0) {
      this.#buffer = chunk;
      this.#borrowed = true;
      this.#start = 0;
      this.#end = length;
      return;
    }
    const needed = pending + length;
    if (this.#start + needed > this.#buffer.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * pending));
      this.#buffer.copy(larger, 0, this.#start, this.#end);
      this.#buffer = larger;
      this.#start = 0;
      this.#end = pending;
    }
    this.#end += chunk.copy(this.#buffer, this.#end, 0, length);
  }

  /** Copies the bytes that have not been pulled yet, because the chunk given to `push` is about to be used again. */
  keep(): void {
    if (this.#borrowed) this.#copyRest();
  }

  /** Makes `next` return the request pulled last once more. Call this before anything else. */
  putBack(): void {
    this.#start = this.#pulled;
  }

  /** Call this when the request pulled last has been served. It is then no longer valid. */
  release(): void {
    this.#request.release();
  }

  /**
   * Returns the next request, or undefined if no complete one is left.
   * @throws ProtocolError if the bytes are not a request within the limits. Nothing more can be read from this client
   *   then.
   */
  next(): Request | undefined {
    while (this.pending > 0) {
      const framed = RequestGuard.isFrame(this.#buffer[this.#start]);
      const end = framed ? this.#guard.walk(this.#buffer, this.#start, this.#end) : this.#findLineEnd();
      const length = end < 0 ? this.pending : end - this.#start;
      if (length > this.#limits.maxRequest) throw new ProtocolError('too big request', { ofSize: true });
      if (end < 0) {
        this.#spansReads = true;
        this.#compact();
        return undefined;
      }
      const request = this.#take(end, framed);
      // `*0`, `*-1` and an empty line are not requests.
      if (request !== null && request.length > 0) return request;
    }
    // An idle client must not keep the buffer of its last read alive.
    this.#guard.release();
    this.#copyRest();
    return undefined;
  }

  /**
   * Returns the request that ends at `end`. The guard has already found a frame's arguments, so a frame that is
   * complete in one read is used where it is. Only a frame that spans several reads goes through the parser.
   */
  #take(end: number, framed: boolean): Request | null {
    const start = this.#start;
    const quick = framed && !this.#spansReads;
    this.#spansReads = false;
    this.#pulled = start;
    this.#start = end;
    if (quick) return this.#request.point(this.#buffer, start, this.#guard.bounds, this.#guard.words);
    const bytes = this.#buffer.subarray(start, end);
    return framed ? parseFrame(bytes) : parseLine(bytes);
  }

  /** Replaces a large buffer that has only a few bytes left. */
  #compact(): void {
    if (this.#borrowed || this.#buffer.length <= KEPT_BYTES || this.pending * 4 > this.#buffer.length) return;
    this.#copyRest();
  }

  /** Replaces the buffer by one that has only the bytes not pulled yet. */
  #copyRest(): void {
    const { pending } = this;
    const rest = pending === 0 ? EMPTY : Buffer.allocUnsafeSlow(pending);
    if (pending > 0) this.#buffer.copy(rest, 0, this.#start, this.#end);
    this.#buffer = rest;
    this.#borrowed = false;
    this.#start = 0;
    this.#end = pending;
  }

  /** Returns the end of the current inline request, its line feed included, or -1 if it is incomplete. */
  #findLineEnd(): number {
    const { maxInline } = this.#limits;
    const lineFeed = this.#buffer.subarray(0, this.#end).indexOf(LF, this.#start + this.#searched);
    const length = lineFeed < 0 ? this.pending : lineFeed - this.#start;
    if (length > maxInline) throw new ProtocolError('too big inline request');
    this.#searched = lineFeed < 0 ? length : 0;
    return lineFeed < 0 ? -1 : lineFeed + 1;
  }
}

let parsed: Buffer[] | null | undefined;
/** One parser serves all connections. It receives only complete frames that passed the guard, so it keeps no state. */
const parser = new RedisParser({
  returnBuffers: true,
  returnReply: (reply: Buffer[] | null) => {
    parsed = reply;
  },
  returnError: (error: Error) => {
    throw error;
  },
});

function parseFrame(frame: Buffer): Request | null {
  parser.execute(frame);
  const words = parsed;
  if (words === undefined) throw new Error('redis-parser did not find the end of a complete frame');
  // One client's data must not stay here until another client's request.
  parsed = undefined;
  if (words === null) return null;
  return Request.cutFrom(frame, words);
}

function parseLine(line: Buffer): Request {
  const end = line[line.length - 2] === CR ? line.length - 2 : line.length - 1;
  const words = splitInlineRequest(line.subarray(0, end));
  // A browser can be tricked into sending a form or a fetch to this port. Its body must not run commands.
  if (words.length > 0 && /^(?:post|host:)$/i.test(words[0].toString('latin1'))) {
    throw new ProtocolError('this is not an HTTP server');
  }
  return Request.of(words);
}
