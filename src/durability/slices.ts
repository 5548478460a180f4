import type { Clock } from '../engine/index.js';

/** A slice of work is over after this many ms; requests are served before the next one. */
const SLICE_MS = 1;

/** Divides long work into slices, between which others are served. */
export class Slices {
  readonly #clock: Clock;
  #until: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#until = clock.now() + SLICE_MS;
  }

  get isOver(): boolean {
    return this.#clock.now() >= this.#until;
  }

  /** Resolves when what waits has been served, and a slice begins. */
  async next(): Promise<void> {
    await new Promise<void>((resolve) => this.#clock.after(0, resolve));
    this.#until = this.#clock.now() + SLICE_MS;
  }
}
