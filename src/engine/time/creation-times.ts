import type { Clock } from './clock.js';

/**
 * Gives each session its time of creation on the wall clock. No two sessions have the same time, so their order can be
 * kept.
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
    // If the wall clock was set back by a second or more, the new time counts.
    const isTaken = wall <= last && wall > last - 1000;
    this.#last = isTaken ? Math.round(last * 1000 + 1) / 1000 : wall;
    return this.#last;
  }
}
