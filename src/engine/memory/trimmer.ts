import type { Clock } from '../time/clock.js';
import { SLICE_MS } from '../time/slices.js';

/** How long after sessions have ended it is looked for what they leave, in ms: others may come meanwhile. */
const DELAY_MS = 1000;

/** Has memory given back that is not needed any more, in slices: to give a hundred megabytes back takes 10 ms. */
export class Trimmer {
  readonly #clock: Clock;
  readonly #trim: () => boolean;
  readonly #finish: () => boolean;
  #scheduled = false;
  #stopped = false;
  #cancel = () => {};

  /**
   * @param trim Gives something back, in a fraction of a millisecond. Returns whether there may be more.
   * @param finish Called when there is no more. Returns whether to begin again, after a while.
   */
  constructor(clock: Clock, trim: () => boolean, finish: () => boolean) {
    this.#clock = clock;
    this.#trim = trim;
    this.#finish = finish;
  }

  /** Must be told when something may have become free. */
  expect(): void {
    if (this.#scheduled || this.#stopped) return;
    this.#scheduled = true;
    this.#cancel = this.#clock.after(DELAY_MS, this.#work);
  }

  /** Ends its work for good. */
  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  readonly #work = (): void => {
    const until = this.#clock.now() + SLICE_MS;
    // If it fails, it begins again when it is next expected.
    this.#scheduled = false;
    while (this.#trim()) {
      if (this.#clock.now() < until) continue;
      this.#scheduled = true;
      this.#cancel = this.#clock.after(0, this.#work);
      return;
    }
    if (this.#finish()) this.expect();
  };
}
