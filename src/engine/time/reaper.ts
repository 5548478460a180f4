import type { Clock } from './clock.js';
import { TimeSlices } from './time-slices.js';
import type { TimingWheel } from './timing-wheel.js';

/** Timers visited between two looks at the clock. */
const VISITS = 64;

/**
 * Turns the wheel: sleeps until the next instant that matters and works off what is due in slices, so
 * that a million sessions due at once do not keep one client waiting.
 */
export class Reaper {
  readonly #wheel: TimingWheel;
  readonly #clock: Clock;
  readonly #slices: TimeSlices;
  #wakeAt = Infinity;
  #stopped = false;
  #held = false;
  #cancelWake = () => {};

  constructor(wheel: TimingWheel, clock: Clock) {
    this.#wheel = wheel;
    this.#clock = clock;
    this.#slices = new TimeSlices(clock);
  }

  /** Must be told of every deadline that is scheduled (ms): it may come before the next wake. */
  expect(deadline: number): void {
    // Most deadlines are far behind the next wake: one comparison.
    if (deadline < this.#wakeAt) this.#sleepUntil(Math.ceil(deadline / this.#wheel.tickMs) * this.#wheel.tickMs);
  }

  /** Rests until `release`. */
  hold(): void {
    this.#cancelWake();
    this.#wakeAt = -Infinity;
    this.#held = true;
  }

  /** Goes on, with what has become due meanwhile. */
  release(): void {
    this.#held = false;
    this.#wakeAt = Infinity;
    this.#sleepUntil(this.#wheel.nextVisit());
  }

  /** Ends its work for good. */
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
    let caughtUp = false;
    try {
      do caughtUp = this.#wheel.advance(this.#clock.now(), VISITS);
      while (!caughtUp && !this.#slices.isOver);
    } finally {
      this.#sleepUntil(caughtUp ? this.#wheel.nextVisit() : this.#clock.now());
    }
  };
}
