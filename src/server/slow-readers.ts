import type { Clock } from '../engine/index.js';

/** A client that reads nothing for this many ms is no longer waited for. */
const PATIENCE_MS = 5000;

/** The output to a client that is sent messages. */
export interface Reader {
  /** Whether it has so much unread that more messages should wait. */
  readonly isBehind: boolean;
  /** A number that changes whenever the client has read something. */
  readonly progress: number;
}

interface Progress {
  reached: number;
  /** When the client last read something, in ms. */
  at: number;
}

/**
 * Clients that are behind with reading their messages. Work that publishes very many messages waits for the clients
 * that are still reading, so that it does not get them disconnected. It does not wait for clients that have stopped
 * reading; the output limits deal with them.
 */
export class SlowReaders {
  readonly #clock: Clock;
  readonly #readers = new Map<Reader, Progress>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Call this when a client is behind. */
  add(reader: Reader): void {
    if (!this.#readers.has(reader)) this.#readers.set(reader, { reached: reader.progress, at: this.#clock.now() });
  }

  /** Whether a client that is behind is reading. */
  get any(): boolean {
    // Usually there are none, and this runs for each event.
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
