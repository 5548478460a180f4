import type { Clock } from '../../../engine/index.js';
import { Reaper } from '../../../engine/time/reaper.js';
import { TimingWheel } from '../../../engine/time/timing-wheel.js';

/** Something to be done at a certain time. A timer is scheduled with at most one `Timers`. */
export interface Timer {
  /** The number of its timer in the wheel while it is scheduled, otherwise `UNSCHEDULED`. Only `Timers` writes it. */
  wheelTimer: number;
  /** Called once, when the time has come. It is no longer scheduled then. It must not throw. */
  onDue(): void;
}

export const UNSCHEDULED = -1;

/** Wheel slots. With ticks of 10 ms, a revolution takes 10 s: few timers are further ahead. */
const SLOTS = 1024;

/** Any number of timers on one timing wheel. Scheduling, moving and cancelling one takes constant time. */
export class Timers {
  readonly #wheel: TimingWheel;
  readonly #reaper: Reaper;
  readonly #timers: (Timer | undefined)[] = [];
  readonly #free: number[] = [];

  /** @param onSlice Called after each slice of a millisecond in which timers were due, and after the last one. */
  constructor(clock: Clock, onSlice: () => void) {
    const onDue = (wheelTimer: number) => this.#takeOff(wheelTimer).onDue();
    this.#wheel = new TimingWheel(onDue, { slots: SLOTS, start: clock.now() });
    this.#reaper = new Reaper(this.#wheel, clock, onSlice);
  }

  /** Schedules or moves a timer. @param at In ms on the clock. A time that has passed means the next tick. */
  schedule(timer: Timer, at: number): void {
    if (timer.wheelTimer === UNSCHEDULED) {
      timer.wheelTimer = this.#free.pop() ?? this.#timers.length;
      this.#timers[timer.wheelTimer] = timer;
    }
    const deadline = Math.max(0, at);
    this.#wheel.schedule(timer.wheelTimer, deadline);
    this.#reaper.expect(deadline);
  }

  cancel(timer: Timer): void {
    if (timer.wheelTimer === UNSCHEDULED) return;
    this.#wheel.cancel(timer.wheelTimer);
    this.#takeOff(timer.wheelTimer);
  }

  /** Stops for good. */
  stop(): void {
    this.#reaper.stop();
  }

  #takeOff(wheelTimer: number): Timer {
    const timer = this.#timers[wheelTimer] as Timer;
    timer.wheelTimer = UNSCHEDULED;
    this.#timers[wheelTimer] = undefined;
    this.#free.push(wheelTimer);
    return timer;
  }
}
