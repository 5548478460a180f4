import type { Clock } from './clock.js';

/** If the distance between the two clocks changes by more than this many ms, somebody set the wall clock. */
const TOLERANCE = 2;

/**
 * Converts between the wall clock and the monotonic clock, for clients that ask when a session expires. A timestamp
 * that is converted there and back does not change; if both clocks were read each time, it would sometimes be off by a
 * millisecond. (For files there is `durability/wall-time.ts`, which rounds up, so that nothing ends early after a
 * restart.)
 */
export class UnixTime {
  readonly #clock: Clock;
  #offset = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Returns unix ms, an integer.
   * @param instant In ms on the monotonic clock.
   */
  of(instant: number): number {
    return Math.round(instant + this.#between());
  }

  /**
   * Returns ms on the monotonic clock, which may be negative.
   * @param unix In unix ms.
   */
  instantOf(unix: number): number {
    return unix - this.#between();
  }

  /** Returns how far the wall clock is ahead of the monotonic one, in ms. */
  #between(): number {
    const offset = this.#clock.wall() - this.#clock.now();
    if (Math.abs(offset - this.#offset) > TOLERANCE) this.#offset = offset;
    return this.#offset;
  }
}
