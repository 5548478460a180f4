import type { Clock } from './clock.js';

/** A slice of long work takes this many ms; requests are served before the next one. */
const SLICE_MS = 1;

/** Divides long work into slices of time, between which requests are served. */
export class TimeSlices {
  readonly #clock: Clock;
  #until = -Infinity;

  /** Begins the first slice. */
  constructor(clock: Clock) {
    this.#clock = clock;
    this.begin();
  }

  /** Begins a slice now. @param ms How long it is. */
  begin(ms = SLICE_MS): void {
    this.#until = this.#clock.now() + ms;
  }

  /** Whether the slice has taken its time: the work should stop until the next one. */
  get isOver(): boolean {
    return this.#clock.now() >= this.#until;
  }

  /** Begins the next slice when the requests that are waiting have been served. @param ms How long it is. */
  async next(ms = SLICE_MS): Promise<void> {
    await new Promise<void>((resolve) => this.#clock.after(0, resolve));
    this.begin(ms);
  }
}
