import type { Clock } from '../engine/index.js';

/** A client that reads nothing for this many ms is not waited for any longer. */
const PATIENCE_MS = 5000;

/** The output to a client that is sent messages. */
export interface Reader {
  /** Whether it has so much unread that more messages should wait. */
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
 * Clients that are behind with reading their messages. Work that publishes very many messages waits for those that do read, so that they are not
 * disconnected for it. A client that does not read is not waited for; the output limits deal with it.
 */
export class SlowReaders {
  readonly #clock: Clock;
  readonly #readers = new Map<Reader, Progress>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** To be called when a client is behind. */
  add(reader: Reader): void {
    if (!this.#readers.has(reader)) this.#readers.set(reader, { reached: reader.progress, at: this.#clock.now() });
  }

  /** Whether any of them reads. */
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
