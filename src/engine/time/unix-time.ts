import type { Clock } from './clock.js';

/** The wall clock was set if the two clocks are further apart than before by so many ms. */
const TOLERANCE = 2;

/**
 * Instants on the wall clock and on the monotonic one, each as the other has them, for those who ask when a session expires: such that one that goes there and back is the same
 * millisecond again. Two looks at the clocks would differ by a millisecond now and then. (Files have `durability/wall-time.ts`, which rounds
 * up, so that nothing ends early after a restart.)
 */
export class UnixTime {
  readonly #clock: Clock;
  #offset = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param instant In ms on the monotonic clock. Returns unix ms, whole. */
  of(instant: number): number {
    return Math.round(instant + this.#between());
  }

  /** @param unix In ms. Returns the instant in ms on the monotonic clock, which may be before it began. */
  instantOf(unix: number): number {
    return unix - this.#between();
  }

  /** What the wall clock is ahead of the monotonic one, in ms. */
  #between(): number {
    const offset = this.#clock.wall() - this.#clock.now();
    if (Math.abs(offset - this.#offset) > TOLERANCE) this.#offset = offset;
    return this.#offset;
  }
}
