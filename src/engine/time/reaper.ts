import type { Clock } from './clock.js';
import { TimeSlices } from './time-slices.js';
import type { TimingWheel } from './timing-wheel.js';

/** The number of timers to visit before the clock is read. */
const VISITS = 64;

/**
 * Advances the wheel. It sleeps until the wheel next has a timer to visit, and processes what is due in slices, so that
 * even a million sessions due at once do not keep clients waiting.
 */
export class Reaper {
  readonly #wheel: TimingWheel;
  readonly #clock: Clock;
  readonly #slices: TimeSlices;
  readonly #onSlice: ((ms: number) => void) | undefined;
  #wakeAt = Infinity;
  #stopped = false;
  #held = false;
  #cancelWake = () => {};

  /** @param onSlice Called after each slice with how long it took, in ms. */
  constructor(wheel: TimingWheel, clock: Clock, onSlice?: (ms: number) => void) {
    this.#onSlice = onSlice;
    this.#wheel = wheel;
    this.#clock = clock;
    this.#slices = new TimeSlices(clock);
  }

  /** Call this with every deadline that is scheduled (ms), because it may be before the next wake-up. */
  expect(deadline: number): void {
    // Most deadlines are long after the next wake-up, and cost one comparison.
    if (deadline < this.#wakeAt) this.#sleepUntil(Math.ceil(deadline / this.#wheel.tickMs) * this.#wheel.tickMs);
  }

  /** Pauses until `release`. */
  hold(): void {
    this.#cancelWake();
    this.#wakeAt = -Infinity;
    this.#held = true;
  }

  /** Continues. First processes what has become due meanwhile. */
  release(): void {
    this.#held = false;
    this.#wakeAt = Infinity;
    this.#sleepUntil(this.#wheel.nextVisit());
  }

  /** Stops for good. */
  stop(): void {
    this.#stopped = true;
    this.#cancelWake();
  }

  #sleepUntil(instant: number): void {
    if (this.#stopped || this.#held || instant === this.#wakeAt) return;
    this.#cancelWake();
    this.#wakeAt = instant;
    if (instant === Infinity) return;
    this.#cancelWake = this.#clock.after(instant - this.#clock.now(), this.#wake);
  }

  readonly #wake = (): void => {
    this.#wakeAt = -Infinity;
    this.#slices.begin();
    const began = this.#onSlice === undefined ? 0 : this.#clock.now();
    let caughtUp = false;
    try {
      do caughtUp = this.#wheel.advance(this.#clock.now(), VISITS);
      while (!caughtUp && !this.#slices.isOver);
    } finally {
      this.#sleepUntil(caughtUp ? this.#wheel.nextVisit() : this.#clock.now());
      this.#onSlice?.(this.#clock.now() - began);
    }
  };
}
