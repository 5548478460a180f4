import type { Clock } from '../time/clock.js';
import { SLICE_MS } from '../time/slices.js';

/** How long to wait after sessions have ended, in ms: new sessions may need the memory. */
const DELAY_MS = 1000;

/** Frees memory that is no longer needed. It works in slices, because freeing a hundred megabytes takes 10 ms. */
export class Trimmer {
  readonly #clock: Clock;
  readonly #trim: () => boolean;
  readonly #finish: () => boolean;
  #scheduled = false;
  #stopped = false;
  #cancel = () => {};

  /**
   * @param trim Frees some memory, in a fraction of a millisecond. Returns whether there may be more.
   * @param finish Called when there is no more. Returns whether to start again after the delay.
   */
  constructor(clock: Clock, trim: () => boolean, finish: () => boolean) {
    this.#clock = clock;
    this.#trim = trim;
    this.#finish = finish;
  }

  /** Call this when memory may have become free. */
  expect(): void {
    if (this.#scheduled || this.#stopped) return;
    this.#scheduled = true;
    this.#cancel = this.#clock.after(DELAY_MS, this.#work);
  }

  /** Stops for good. */
  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  readonly #work = (): void => {
    const until = this.#clock.now() + SLICE_MS;
    // Cleared first: if `trim` throws, the next `expect` starts again.
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
