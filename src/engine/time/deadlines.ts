import { Flag, type SlotTable } from '../tables/slot-table.js';
import type { Clock } from './clock.js';
import { Lateness } from './lateness.js';
import { Reaper } from './reaper.js';
import { type TimerCounts, TimingWheel } from './timing-wheel.js';

/**
 * Keeps when each slot is due: starts, extends and ends durations, on the timing wheel.
 *
 * The wheel processes a deadline soon after it has passed. `settle` processes it at the latest when a command looks the
 * session up, so no client notices when the wheel is late. `begin` sets the time of an operation, which then stays the
 * same.
 */
export class Deadlines {
  readonly #slots: SlotTable;
  readonly #instant: () => number;
  readonly #onDue: (slot: number, deadline: number) => boolean;
  readonly #wheel: TimingWheel;
  readonly #reaper: Reaper;
  /** How late deadlines were processed. */
  readonly lateness: Lateness;
  #now = 0;
  #extended = 0;
  /** While held, what is due later than this, in ms, is not treated as due. */
  #dueUntil = Infinity;

  /**
   * @param instant Returns the time of the current operation (ms).
   * @param onDue Processes a deadline (ms) that has come. Returns whether the slot still lives.
   * @param takesLong Whether processing the slot's deadline may take long. The clock is then read before the next
   *   deadline is processed.
   * @param onSlice Called after each slice of processing with how long it took, in ms.
   */
  constructor(
    slots: SlotTable,
    clock: Clock,
    instant: () => number,
    onDue: (slot: number, deadline: number) => boolean,
    takesLong: (slot: number) => boolean = () => false,
    onSlice?: (ms: number) => void,
  ) {
    this.#slots = slots;
    this.#instant = instant;
    this.#onDue = onDue;
    const start = clock.now();
    this.lateness = new Lateness(start);
    this.#wheel = new TimingWheel(
      (slot, deadline) => {
        this.begin();
        const long = takesLong(slot);
        this.#process(slot, deadline);
        return long;
      },
      { start },
    );
    this.#reaper = new Reaper(this.#wheel, clock, onSlice);
  }

  /** Stops the wheel: deadlines are no longer processed by themselves. */
  stop(): void {
    this.#reaper.stop();
  }

  /**
   * Until `release` is called, the wheel processes nothing, and look-ups treat as due only what is due by a time (ms).
   * By default, that is the time of the current operation: what it has not seen must not come back.
   */
  hold(until = this.begin()): void {
    this.#dueUntil = until;
    this.#reaper.hold();
  }

  /** Ends `hold`. What has become due meanwhile is processed soon. */
  release(): void {
    this.#dueUntil = Infinity;
    this.#reaper.release();
  }

  /** Reads the time of a new operation. Returns it, in ms. */
  begin(): number {
    this.#now = this.#instant();
    return this.#now;
  }

  /** The time of the current operation, in ms. */
  get now(): number {
    return this.#now;
  }

  /** What is due by this time, in ms, has expired for the current operation. */
  get dueBy(): number {
    return Math.min(this.#now, this.#dueUntil);
  }

  /** Whether `hold` has been called, and not yet `release`. */
  get isHeld(): boolean {
    return this.#dueUntil < Infinity;
  }

  /** Starts the session's duration now. Without a duration, only the deadline of MAXAGE remains. */
  start(slot: number): void {
    const slots = this.#slots;
    const duration = slots.duration(slot);
    const last = slots.maxAgeEnd(slot);
    if (duration > 0) {
      slots.setFlags(slot, slots.flags(slot) | Flag.Running);
      this.set(slot, Math.min(this.#now + duration, last));
    } else {
      slots.setFlags(slot, slots.flags(slot) & ~Flag.Running);
      this.set(slot, last);
    }
  }

  /** Restarts a running duration. Returns false if none is running. */
  extend(slot: number): boolean {
    if ((this.#slots.flags(slot) & Flag.Running) === 0) return false;
    this.start(slot);
    this.#extended++;
    return true;
  }

  /** Sets the deadline itself, in ms. Infinity for none. */
  set(slot: number, deadline: number): void {
    if (deadline === Infinity) {
      this.#wheel.cancel(slot);
    } else {
      this.#wheel.schedule(slot, deadline);
      this.#reaper.expect(deadline);
    }
  }

  cancel(slot: number): void {
    this.#wheel.cancel(slot);
  }

  /** Returns the deadline in ms, or Infinity if there is none. */
  deadline(slot: number): number {
    return this.#wheel.deadline(slot);
  }

  /** Frees some of the memory that slots below `slots` do not need. Returns whether it freed any. */
  trim(slots: number): boolean {
    return this.#wheel.trim(slots);
  }

  /** Returns the milliseconds until the deadline, negative if it has passed, or Infinity if there is none. */
  left(slot: number): number {
    return this.#wheel.deadline(slot) - this.#now;
  }

  /** Processes the slot's deadline if it has come. Returns whether the slot still lives. */
  settle(slot: number): boolean {
    const deadline = this.#wheel.deadline(slot);
    return deadline > this.#now || deadline > this.#dueUntil || this.#process(slot, deadline);
  }

  /** Whether any slot is due and has not been processed yet. */
  get isAnyDue(): boolean {
    let any = false;
    this.forEachDue(() => {
      any = true;
    });
    return any;
  }

  /** Visits every slot that is due and has not been processed yet. */
  forEachDue(visit: (slot: number, deadline: number) => void): void {
    // While sessions are restored, nothing is.
    if (this.dueBy >= 0) this.#wheel.forEachDue(this.dueBy, visit);
  }

  /** How often a duration was restarted. */
  get extended(): number {
    return this.#extended;
  }

  /** The number of pending deadlines. */
  get pending(): number {
    return this.#wheel.size;
  }

  /** See `TimingWheel.countAhead`. */
  countAhead(now: number, counts: TimerCounts, from: number, to: number): boolean {
    return this.#wheel.countAhead(now, counts, from, to);
  }

  /** See `TimingWheel.handAt`. */
  handAt(now: number): number {
    return this.#wheel.handAt(now);
  }

  /** The length of the wheel's tick in ms. */
  get tickMs(): number {
    return this.#wheel.tickMs;
  }

  /** The number of wheel slots. */
  get wheelSlots(): number {
    return this.#wheel.slots;
  }

  #process(slot: number, deadline: number): boolean {
    this.lateness.record(this.#now - deadline, this.#now);
    return this.#onDue(slot, deadline);
  }
}
