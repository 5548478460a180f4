import type { Clock } from './clock.js';

/**
 * Gives each session its time of creation on the wall clock. No two sessions get the same time unless the wall clock is
 * set back, so their order can be restored.
 */
export class CreationTimes {
  readonly #clock: Clock;
  #last = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Returns unix ms. Sessions created within one millisecond are a thousandth of a millisecond apart. */
  next(): number {
    const wall = this.#clock.wall();
    const last = this.#last;
    // If the wall clock was set back by a second or more, its new time is used.
    const isTaken = wall <= last && wall > last - 1000;
    this.#last = isTaken ? Math.round(last * 1000 + 1) / 1000 : wall;
    return this.#last;
  }
}
