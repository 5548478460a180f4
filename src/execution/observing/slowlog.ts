import type { Request } from '../../resp/request.js';
import { redacted, redactedText } from './redaction.js';

/** How much of a request is kept. The limits are those of Redis. */
const MAX_ARGUMENTS = 32;
const MAX_LENGTH = 128;

interface SlowlogEntry {
  readonly id: number;
  /** Unix seconds. */
  readonly at: number;
  readonly microseconds: number;
  /** Without anything that could be a token. */
  readonly request: readonly string[];
  readonly address: string;
  /** The client's name, without anything that could be a token. */
  readonly name: string;
}

/** The client that called a command. */
interface Caller {
  readonly address: string;
  readonly name: string;
}

/** The latest slow commands: SLOWLOG. */
export class Slowlog {
  /** In ms. Infinity if nothing is recorded. Compare with it before calling `add`. */
  threshold = Infinity;
  /** The number of entries that are kept. */
  maxEntries = 0;
  readonly #wall: () => number;
  /** Newest first. */
  #entries: SlowlogEntry[] = [];
  #nextId = 0;

  /** @param wall Reads the wall clock, in ms. */
  constructor(wall: () => number) {
    this.#wall = wall;
  }

  /** Adds a command that took `ms`, at least the threshold. */
  add(ms: number, request: Request, { address, name }: Caller): void {
    const microseconds = Math.floor(ms * 1000);
    const at = Math.floor(this.#wall() / 1000);
    this.#entries.unshift({
      id: this.#nextId++,
      at,
      microseconds,
      request: shortened(request),
      address,
      name: redactedText(name),
    });
    this.#entries.length = Math.min(this.#entries.length, this.maxEntries);
  }

  get length(): number {
    return this.#entries.length;
  }

  /** Returns the newest `count` entries, newest first. */
  latest(count: number): readonly SlowlogEntry[] {
    return this.#entries.slice(0, count);
  }

  clear(): void {
    this.#entries = [];
  }
}

function shortened(request: Request): string[] {
  const kept = request.words(0, request.length > MAX_ARGUMENTS ? MAX_ARGUMENTS - 1 : MAX_ARGUMENTS);
  const texts = kept.map((argument) => {
    const more = argument.length - MAX_LENGTH;
    return redacted(argument, MAX_LENGTH) + (more > 0 ? `... (${more} more bytes)` : '');
  });
  if (kept.length < request.length) texts.push(`... (${request.length - kept.length} more arguments)`);
  return texts;
}
