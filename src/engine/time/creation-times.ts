import type { Clock } from './clock.js';

/** Gives sessions the time of their creation on the wall clock. It differs from session to session, so their order can be kept. */
export class CreationTimes {
  readonly #clock: Clock;
  #last = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Unix ms. Within one millisecond, each session is a thousandth of a millisecond later than the one before. */
  next(): number {
    const wall = this.#clock.wall();
    const last = this.#last;
    // If the wall clock was set back by a second or more, the new time counts.
    const isTaken = wall <= last && wall > last - 1000;
    this.#last = isTaken ? Math.round(last * 1000 + 1) / 1000 : wall;
    return this.#last;
  }
}
