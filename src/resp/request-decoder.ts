import RedisParser from 'redis-parser';
import { splitInlineRequest } from './inline-request.js';
import { ProtocolError } from './protocol-error.js';
import { Request } from './request.js';
import { RequestGuard, type RequestLimits } from './request-guard.js';

export type { RequestLimits };

const CR = 0x0d;
const LF = 0x0a;
const EMPTY = Buffer.alloc(0);
/** A socket's read: a buffer beyond this was gathered, and is not kept for a small rest. */
const KEPT_BYTES = 64 * 1024;

/**
 * Bytes → requests, pulled one at a time: what follows an AUTH in the same read is held to the limits
 * that AUTH has just changed, and a connection that owes too many replies simply stops pulling.
 *
 * A request that is not whole yet is gathered in one buffer that grows by doubling, up to the largest
 * request allowed. So a client pays for what it holds back with no more than twice what it sent.
 */
export class RequestDecoder {
  readonly #guard: RequestGuard;
  readonly #limits: RequestLimits;
  /** The bytes at hand are `#buffer[#start, #end)`. */
  #buffer: Buffer = EMPTY;
  #start = 0;
  #end = 0;
  /** The request at hand was not whole when it was looked at before. */
  #straddles = false;
  /** In an inline request, up to where no end of line was found, counted from `#start`. */
  #searched = 0;

  constructor(limits: RequestLimits) {
    this.#limits = limits;
    this.#guard = new RequestGuard(limits);
  }

  /** Whether the client has authenticated, or need not; until then much less is taken from it. */
  set trusted(trusted: boolean) {
    this.#guard.trusted = trusted;
  }

  /** Bytes that are held back for requests not pulled yet. */
  get pending(): number {
    return this.#end - this.#start;
  }

  /** Bytes of memory that are held for them. */
  get held(): number {
    return this.#buffer.length;
  }

  /** Bytes of memory that are held for where the arguments of the request at hand lie. */
  get heldBounds(): number {
    return this.#guard.held;
  }

  /** Adds bytes as they came from the socket. They are copied only where a request straddles two reads. */
  push(chunk: Buffer): void {
    const pending = this.pending;
    if (pending === 0) {
      this.#buffer = chunk;
      this.#start = 0;
      this.#end = chunk.length;
      return;
    }
    const needed = pending + chunk.length;
    if (this.#start + needed > this.#buffer.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * pending));
      this.#buffer.copy(larger, 0, this.#start, this.#end);
      this.#buffer = larger;
      this.#start = 0;
      this.#end = pending;
    }
    this.#end += chunk.copy(this.#buffer, this.#end);
  }

  /**
   * The next request, undefined if no whole one is left.
   * @throws ProtocolError if what follows is not a request; nothing more can be read from this client then.
   */
  next(): Request | undefined {
    while (this.pending > 0) {
      const framed = RequestGuard.isFrame(this.#buffer[this.#start]);
      const end = framed ? this.#guard.walk(this.#buffer, this.#start, this.#end) : this.#findLineEnd();
      const length = end < 0 ? this.pending : end - this.#start;
      if (length > this.#limits.maxRequest) throw new ProtocolError('too big request', { ofSize: true });
      if (end < 0) {
        this.#straddles = true;
        this.#compact();
        return undefined;
      }
      const request = this.#take(end, framed);
      // `*0`, `*-1` and an empty line ask for nothing.
      if (request !== null && request.length > 0) return request;
    }
    // The last read is not kept alive by a client that has nothing to say.
    this.#guard.release();
    this.#buffer = EMPTY;
    this.#start = 0;
    this.#end = 0;
    return undefined;
  }

  /**
   * The request up to `end`. The guard has found the arguments of a frame already: one that is whole in a read is taken
   * as it lies, and only one that straddles reads takes the way through the parser.
   */
  #take(end: number, framed: boolean): Request | null {
    const start = this.#start;
    const quick = framed && !this.#straddles;
    this.#straddles = false;
    this.#start = end;
    if (quick) return new Request(this.#buffer, start, this.#guard.bounds, this.#guard.words);
    const bytes = this.#buffer.subarray(start, end);
    return framed ? parseFrame(bytes) : parseLine(bytes);
  }

  /** Lets go of a large buffer for the few bytes that are left of it. */
  #compact(): void {
    if (this.#buffer.length <= KEPT_BYTES || this.pending * 4 > this.#buffer.length) return;
    const rest = Buffer.allocUnsafeSlow(this.pending);
    this.#buffer.copy(rest, 0, this.#start, this.#end);
    this.#buffer = rest;
    this.#start = 0;
    this.#end = rest.length;
  }

  /** Where the inline request at hand ends, its line feed included, -1 if it is not whole. */
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
/** One parser serves all: it is only given frames that are whole and passed the guard, so it keeps no state. */
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
  if (words === undefined) throw new Error('redis-parser found no end of a frame that is whole');
  // Nothing of a client's may live on here, least of all until another client's request.
  parsed = undefined;
  if (words === null) return null;
  return Request.cutFrom(frame, words);
}

function parseLine(line: Buffer): Request {
  const end = line[line.length - 2] === CR ? line.length - 2 : line.length - 1;
  const words = splitInlineRequest(line.subarray(0, end));
  // A browser tricked into a form post or a fetch to this port must not get a command in by its body.
  if (words.length > 0 && /^(?:post|host:)$/i.test(words[0].toString('latin1'))) {
    throw new ProtocolError('this is not an HTTP server');
  }
  return Request.of(words);
}
