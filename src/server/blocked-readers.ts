import type { Clock } from '../engine/index.js';
import { UNBLOCKED } from '../errors.js';
import type { Blocked } from '../execution/context/blocked.js';
import type { Readers, Reading } from '../execution/context/readers.js';
import type { EventStream } from '../stream/event-stream.js';

/** A client that waits. */
interface Reader extends Blocked {
  /** Serves it if it can be served. */
  serve(): void;
}

/**
 * The clients that wait for entries of a stream: XREAD and XREADGROUP with BLOCK. They are served in the order in which
 * they began to wait, once for all entries that were appended in a turn of the event loop.
 */
export class BlockedReaders implements Readers {
  readonly #clock: Clock;
  readonly #readers = new Set<Reader>();
  /** Stops listening to the stream; undefined if nobody waits, or something has happened. */
  #stopListening: (() => void) | undefined;
  /** The stream, if something has happened to it since they were last served. */
  #due: EventStream | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#readers.size;
  }

  wait(
    { client, reply }: Reading,
    stream: EventStream,
    timeout: number,
    attempt: () => boolean | Promise<void>,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      const clock = this.#clock;
      const endsAt = timeout > 0 ? clock.now() + timeout : Infinity;
      let cancelTimer: (() => void) | undefined;
      const end = (settle: () => void) => {
        cancelTimer?.();
        this.#remove(reader);
        client.blocked = undefined;
        settle();
      };
      const reader: Reader = {
        hasTimeout: timeout > 0,
        serve() {
          try {
            const outcome = attempt();
            if (outcome !== false) end(() => resolve(outcome === true ? undefined : outcome));
          } catch (error) {
            end(() => reject(error));
          }
        },
        unblock(how) {
          if (how === 'timeout') reply.nullArray();
          end(how === 'timeout' ? resolve : () => reject(UNBLOCKED));
        },
        cancel: () => end(resolve),
      };
      // A timer that is far away may come early.
      const schedule = () => {
        const left = endsAt - clock.now();
        if (left <= 0) reader.unblock('timeout');
        else if (left < Infinity) cancelTimer = clock.after(left, schedule);
      };
      client.blocked = reader;
      this.#readers.add(reader);
      this.#listen(stream);
      schedule();
    });
  }

  serve(): void {
    if (this.#due === undefined) return;
    this.#listen(this.#due);
    this.#due = undefined;
    for (const reader of [...this.#readers]) reader.serve();
  }

  #listen(stream: EventStream): void {
    this.#stopListening ??= stream.onAppend(() => {
      this.#stopListening = undefined;
      this.#due = stream;
      setImmediate(() => this.serve());
    });
  }

  #remove(reader: Reader): void {
    this.#readers.delete(reader);
    if (this.#readers.size > 0) return;
    this.#stopListening?.();
    this.#stopListening = undefined;
  }
}
