import type { CommandEntry } from '../commands/declaration/command-entry.js';
import { Request } from '../resp/request.js';

/** A command that is queued for EXEC. */
export interface QueuedCommand {
  readonly entry: CommandEntry;
  /** Valid until the next command is read. */
  readonly request: Request;
}

/**
 * The sizes of the first and of the largest chunks, in bytes. Chunks grow, because a transaction may have two commands
 * or a million.
 */
const [FIRST_CHUNK, LARGEST_CHUNK] = [256, 64 * 1024];
/** A request of more bytes gets a separate chunk. */
const MAX_SHARED = LARGEST_CHUNK / 4;
/** Marks the place of a request that has a separate chunk. */
const ALONE = 0xffffffff;
/** The most bytes of overhead of a chunk, and of an entry in an array. */
const PER_CHUNK = 256;
const PER_COMMAND = 16;

/**
 * Commands and their requests, in order. The requests are packed, because an object for each request and each of its
 * words would take a hundred times the bytes of a small request.
 */
export class CommandQueue implements Iterable<QueuedCommand> {
  readonly #entries: CommandEntry[] = [];
  readonly #chunks: Buffer[] = [];
  /** Bytes used in the last chunk. */
  #used = 0;
  readonly #alone: Buffer[] = [];
  #bytes = 0;

  get length(): number {
    return this.#entries.length;
  }

  /** Its memory, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The commands without their requests. */
  get entries(): readonly CommandEntry[] {
    return this.#entries;
  }

  /**
   * Adds a command and a copy of its request.
   * @param room Bytes of memory that they may take. Returns false if that is too little.
   */
  add(entry: CommandEntry, request: Request, room: number): boolean {
    const length = request.packedLength;
    const isAlone = length > MAX_SHARED;
    const needed = PER_COMMAND + (isAlone ? length + PER_CHUNK : 0);
    if (needed > room || !this.#reserve(isAlone ? 4 : length, room - needed)) return false;
    const chunk = this.#chunks[this.#chunks.length - 1];
    if (isAlone) {
      this.#used = chunk.writeUInt32LE(ALONE, this.#used);
      const own = Buffer.allocUnsafeSlow(length);
      request.pack(own, 0);
      this.#alone.push(own);
    } else {
      this.#used = request.pack(chunk, this.#used);
    }
    this.#entries.push(entry);
    this.#bytes += needed;
    return true;
  }

  *[Symbol.iterator](): Iterator<QueuedCommand> {
    let chunk = 0;
    let at = 0;
    let alone = 0;
    for (const entry of this.#entries) {
      // After the last request of a chunk there is a zero, or too little room for one. Requests have words, so they
      // never begin with a zero.
      if (at + 4 > this.#chunks[chunk].length || this.#chunks[chunk].readUInt32LE(at) === 0) {
        chunk++;
        at = 0;
      }
      if (this.#chunks[chunk].readUInt32LE(at) === ALONE) {
        at += 4;
        yield { entry, request: Request.unpack(this.#alone[alone++], 0) };
      } else {
        const request = Request.unpack(this.#chunks[chunk], at);
        at += request.packedLength;
        yield { entry, request };
      }
    }
  }

  /**
   * Makes room for `length` bytes in the last chunk. Returns false if a new chunk for them would take more memory than
   * `room`.
   */
  #reserve(length: number, room: number): boolean {
    const last = this.#chunks.at(-1);
    if (last !== undefined && this.#used + length <= last.length) return true;
    const wanted = last === undefined ? FIRST_CHUNK : Math.min(2 * last.length, LARGEST_CHUNK);
    const size = Math.max(length, Math.min(wanted, room - PER_CHUNK));
    if (size + PER_CHUNK > room) return false;
    if (last !== undefined && this.#used + 4 <= last.length) last.writeUInt32LE(0, this.#used);
    this.#chunks.push(Buffer.allocUnsafe(size));
    this.#used = 0;
    this.#bytes += size + PER_CHUNK;
    return true;
  }
}
