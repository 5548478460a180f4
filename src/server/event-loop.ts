import { type Clock, Lateness } from '../engine/index.js';

/**
 * How often to look how late the event loop is, in ms. Each look wakes an idle process and takes about 0.1 ms of CPU
 * time, so 25 looks a second take 0.3 % of a processor. With 40 ms, a stall of 140 ms or more always counts as one of
 * 100 ms.
 */
export const LOOK_EVERY_MS = 40;

/** How long a start takes is no stall, so the first look is this many ms after it. */
const START_MS = 1000;

/** How far `recent` looks back for the page, in ms. It takes a snapshot every second. */
const RECENT_MS = 5000;

/**
 * Watches how long the event loop keeps callbacks waiting: because of a long command, garbage collection, a slow system
 * call, or a machine that has no CPU time for the process. This is the only timer that does so; the log, LATENCY, the
 * metrics and the page read what it records.
 *
 * A stall is recorded as up to `LOOK_EVERY_MS` shorter than it was, because it may begin right after a look. Node.js'
 * `monitorEventLoopDelay` costs as much to run, misses the first stall after a reset, and knows only percentiles since
 * then: readers would disturb each other, and Prometheus needs counts that never go back.
 */
export class EventLoop {
  /** How late the looks were. */
  readonly delay: Lateness;
  readonly #clock: Clock;
  #due = 0;
  #cancel: () => void;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.delay = new Lateness(clock.now(), RECENT_MS);
    this.#cancel = clock.after(START_MS, () => this.#wait(clock.now()));
  }

  stop(): void {
    this.#cancel();
  }

  #wait(now: number): void {
    this.#due = now + LOOK_EVERY_MS;
    this.#cancel = this.#clock.after(LOOK_EVERY_MS, this.#look);
  }

  readonly #look = (): void => {
    const now = this.#clock.now();
    this.delay.record(Math.max(0, now - this.#due), now);
    this.#wait(now);
  };
}
