import type { Clock } from '../engine/index.js';

/** How long, in ms, a client is waited for that takes nothing. */
const PATIENCE_MS = 5000;

/** The way out to a client that is sent messages. */
export interface Reader {
  /** Whether it has left so much unread that what makes more had better wait. */
  readonly isBehind: boolean;
  /** Another number each time that it has taken something. */
  readonly progress: number;
}

interface Progress {
  reached: number;
  /** When it last took something, in ms. */
  at: number;
}

/**
 * Clients that are behind with their messages: work that makes very many waits for those who read, so that they are not cut off
 * for it. One who does not read is not waited for, and has its limits.
 */
export class SlowReaders {
  readonly #clock: Clock;
  readonly #readers = new Map<Reader, Progress>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Must be told of one that is behind. */
  add(reader: Reader): void {
    if (!this.#readers.has(reader)) this.#readers.set(reader, { reached: reader.progress, at: this.#clock.now() });
  }

  /** Whether there are any that read. */
  get any(): boolean {
    // As a rule there are none, and it is asked for each event.
    return this.#readers.size > 0 && this.#anyReads(this.#clock.now());
  }

  #anyReads(now: number): boolean {
    let any = false;
    for (const [reader, progress] of this.#readers) {
      if (!reader.isBehind) {
        this.#readers.delete(reader);
        continue;
      }
      if (reader.progress !== progress.reached) {
        progress.reached = reader.progress;
        progress.at = now;
      }
      any ||= now - progress.at < PATIENCE_MS;
    }
    return any;
  }
}
