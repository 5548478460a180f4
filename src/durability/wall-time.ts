import type { Clock } from '../engine/index.js';

/** What stands in the journal for "never": the wall clock is far beyond 0. */
export const NEVER = 0;

/**
 * Instants of the engine's clock, which begins anew with each process, as instants of the wall clock, which files bear, and
 * back (of a session's expiry as clients see it, `engine/unix-time.ts` is in charge). The difference of the two is taken when it is made: make one for each act that is written or read.
 */
export class WallTime {
  readonly #offset: number;

  constructor(clock: Clock) {
    this.#offset = clock.wall() - clock.now();
  }

  /** Unix ms, rounded up by a clock reading so that nothing ends early; `NEVER` for Infinity. */
  ofClock(instant: number): number {
    return instant === Infinity ? NEVER : Math.max(1, Math.ceil(instant + this.#offset) + 1);
  }

  /** Ms on the engine's clock, below 0 for what was before it began; Infinity for `NEVER`. */
  toClock(unix: number): number {
    return unix === NEVER ? Infinity : unix - this.#offset;
  }
}
