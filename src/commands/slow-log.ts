import type { Request } from '../resp/request-decoder.js';
import type { Client } from './context.js';
import { redacted } from './redact.js';

/** As much of a request is kept as Redis keeps. */
const MAX_ARGUMENTS = 32;
const MAX_LENGTH = 128;

export interface SlowLogEntry {
  readonly id: number;
  /** Unix seconds. */
  readonly at: number;
  readonly microseconds: number;
  /** Without anything that could be a token. */
  readonly request: readonly string[];
  readonly address: string;
  readonly name: string;
}

/** What a server keeps of commands that took long, and how many it keeps. */
export interface SlowLogLimits {
  /** Microseconds that a command must take; -1 for none. */
  readonly slowerThan: number;
  readonly maxEntries: number;
}

/** The latest commands that took long. */
export class SlowLog {
  readonly #limits: SlowLogLimits;
  readonly #wall: () => number;
  /** Newest first. */
  #entries: SlowLogEntry[] = [];
  #nextId = 0;

  /** @param wall The wall clock, in ms. */
  constructor(limits: SlowLogLimits, wall: () => number) {
    this.#limits = limits;
    this.#wall = wall;
  }

  /** Takes in a command that took `ms`, if that was long. */
  offer(ms: number, request: Request, { address, name }: Client): void {
    const { slowerThan } = this.#limits;
    if (ms * 1000 < slowerThan || slowerThan < 0) return;
    const microseconds = Math.floor(ms * 1000);
    const at = Math.floor(this.#wall() / 1000);
    this.#entries.unshift({ id: this.#nextId++, at, microseconds, request: shortened(request), address, name });
    this.#entries.length = Math.min(this.#entries.length, this.#limits.maxEntries);
  }

  get length(): number {
    return this.#entries.length;
  }

  /** The newest `count` entries, newest first. */
  latest(count: number): readonly SlowLogEntry[] {
    return this.#entries.slice(0, count);
  }

  clear(): void {
    this.#entries = [];
  }
}

function shortened(request: Request): string[] {
  const kept = request.length > MAX_ARGUMENTS ? request.slice(0, MAX_ARGUMENTS - 1) : request;
  const texts = kept.map((argument) => {
    const more = argument.length - MAX_LENGTH;
    return redacted(argument, MAX_LENGTH) + (more > 0 ? `... (${more} more bytes)` : '');
  });
  if (kept.length < request.length) texts.push(`... (${request.length - kept.length} more arguments)`);
  return texts;
}
