import type { Clock } from './clock.js';

/** Length of a slice of long work, in ms. Requests are served before the next slice. */
const SLICE_MS = 1;

/** Divides long work into slices of time, between which requests are served. */
export class TimeSlices {
  readonly #clock: Clock;
  #until = -Infinity;

  /** Starts the first slice. */
  constructor(clock: Clock) {
    this.#clock = clock;
    this.begin();
  }

  /**
   * Starts a slice now.
   * @param ms How long it lasts.
   */
  begin(ms = SLICE_MS): void {
    this.#until = this.#clock.now() + ms;
  }

  /** Whether the slice has used up its time. The work should then stop until the next slice. */
  get isOver(): boolean {
    return this.#clock.now() >= this.#until;
  }

  /**
   * Lets waiting requests be served, then starts the next slice.
   * @param ms How long it lasts.
   */
  async next(ms = SLICE_MS): Promise<void> {
    await new Promise<void>((resolve) => this.#clock.after(0, resolve));
    this.begin(ms);
  }
}
