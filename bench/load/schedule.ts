/**
 * When the operations of an open loop are due: at fixed times, whether or not the previous ones have been answered.
 */
export class Schedule {
  readonly #start: number;
  /** The time between two operations, in ms. */
  readonly #interval: number;

  /** @param start When the first operation is due, in ms. */
  constructor(start: number, perSecond: number) {
    this.#start = start;
    this.#interval = 1000 / perSecond;
  }

  due(act: number): number {
    return this.#start + act * this.#interval;
  }

  /** Returns how many operations are due by `instant`. */
  dueBy(instant: number): number {
    return Math.max(0, Math.floor((instant - this.#start) / this.#interval) + 1);
  }
}
