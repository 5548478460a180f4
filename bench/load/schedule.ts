/** When the acts of an open loop are due: at fixed instants, whether the ones before are answered or not. */
export class Schedule {
  readonly #start: number;
  /** From one act to the next, in ms. */
  readonly #interval: number;

  /** @param start When the first act is due, in ms. */
  constructor(start: number, perSecond: number) {
    this.#start = start;
    this.#interval = 1000 / perSecond;
  }

  due(act: number): number {
    return this.#start + act * this.#interval;
  }

  /** How many acts are due until `instant`. */
  dueBy(instant: number): number {
    return Math.max(0, Math.floor((instant - this.#start) / this.#interval) + 1);
  }
}
