import type { Clock } from './clock.js';
import { TimeSlices } from './time-slices.js';

/** What a step returns when nothing is left to do. */
export const DONE = Infinity;

/** Work that runs on a timer, in slices between which requests are served, until none is left. */
export class BackgroundWork {
  readonly #clock: Clock;
  readonly #step: () => number;
  readonly #slices: TimeSlices;
  #cancel: (() => void) | undefined;
  #stopped = false;

  /**
   * @param step Does a fraction of a millisecond's work. Returns 0 to continue, a delay in ms after which to continue,
   *   or `DONE`. If it throws, the work stops until it is scheduled again.
   */
  constructor(clock: Clock, step: () => number) {
    this.#clock = clock;
    this.#step = step;
    this.#slices = new TimeSlices(clock);
  }

  /** Starts the work after `delay` ms, unless it is already scheduled. */
  schedule(delay = 0): void {
    if (this.#cancel === undefined && !this.#stopped) this.#cancel = this.#clock.after(delay, this.#run);
  }

  /** Cancels what is scheduled. */
  cancel(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /** Stops for good. */
  stop(): void {
    this.#stopped = true;
    this.cancel();
  }

  readonly #run = (): void => {
    this.#cancel = undefined;
    this.#slices.begin();
    let delay = 0;
    do delay = this.#step();
    while (delay === 0 && !this.#stopped && !this.#slices.isOver);
    if (delay < DONE) this.schedule(delay);
  };
}
