import type { Clock } from './clock.js';

/** A slice of long work takes this many ms; requests are served before the next one. */
export const SLICE_MS = 1;

/** Divides long work, done by an async function, into slices between which requests are served. */
export class Slices {
  readonly #clock: Clock;
  #until: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#until = clock.now() + SLICE_MS;
  }

  /** Whether the slice has taken its time: `next` is to be awaited before the work goes on. */
  get isOver(): boolean {
    return this.#clock.now() >= this.#until;
  }

  /** Begins the next slice, when the requests that are waiting have been served. */
  async next(): Promise<void> {
    await new Promise<void>((resolve) => this.#clock.after(0, resolve));
    this.#until = this.#clock.now() + SLICE_MS;
  }
}
