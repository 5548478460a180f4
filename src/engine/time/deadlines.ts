import { Flag, type SlotTable } from '../tables/slot-table.js';
import type { Clock } from './clock.js';
import { Lateness } from './lateness.js';
import { Reaper } from './reaper.js';
import { TimingWheel } from './timing-wheel.js';

/**
 * When each slot is due: durations that start, start again and run out, on the timing wheel.
 *
 * The wheel acts on a deadline soon after it; `settle` acts on it at the latest when somebody comes to
 * look, so that being behind shows nowhere. The time of an operation is fixed once, by `begin`.
 */
export class Deadlines {
  readonly #slots: SlotTable;
  readonly #instant: () => number;
  readonly #onDue: (slot: number, deadline: number) => boolean;
  readonly #wheel: TimingWheel;
  readonly #reaper: Reaper;
  readonly #lateness = new Lateness();
  #now = 0;
  #extended = 0;
  #held = false;

  /**
   * @param instant When an operation happens (ms).
   * @param onDue Acts on a deadline (ms) that has come. Returns whether the slot still lives.
   * @param takesLong Whether acting on the deadline of a slot may take long: then the clock is read before the next one.
   */
  constructor(
    slots: SlotTable,
    clock: Clock,
    instant: () => number,
    onDue: (slot: number, deadline: number) => boolean,
    takesLong: (slot: number) => boolean = () => false,
  ) {
    this.#slots = slots;
    this.#instant = instant;
    this.#onDue = onDue;
    const start = clock.now();
    this.#wheel = new TimingWheel(
      (slot, deadline) => {
        this.begin();
        const long = takesLong(slot);
        this.#act(slot, deadline);
        return long;
      },
      { start },
    );
    this.#reaper = new Reaper(this.#wheel, clock);
  }

  /** Stops the wheel: nothing is acted on by itself any more. */
  stop(): void {
    this.#reaper.stop();
  }

  /** Lets nothing be due until `release`, whoever looks. */
  hold(): void {
    this.#held = true;
    this.#reaper.hold();
  }

  /** Lets what is due go again, what has become due meanwhile soon. */
  release(): void {
    this.#held = false;
    this.#reaper.release();
  }

  /** Takes the present instant for all that follows, in ms. */
  begin(): number {
    this.#now = this.#instant();
    return this.#now;
  }

  /** The time of the operation under way, in ms. */
  get now(): number {
    return this.#now;
  }

  /** Starts the session's duration now or, if it has none, leaves only the deadline of MAXAGE. */
  start(slot: number): void {
    const slots = this.#slots;
    const duration = slots.duration[slot];
    const last = slots.maxAge(slot) > 0 ? slots.maxAgeEnd[slot] : Infinity;
    if (duration > 0) {
      slots.setFlags(slot, slots.flags(slot) | Flag.Running);
      this.set(slot, Math.min(this.#now + duration, last));
    } else {
      slots.setFlags(slot, slots.flags(slot) & ~Flag.Running);
      this.set(slot, last);
    }
  }

  /** Starts a running duration again. Returns false if none is running. */
  extend(slot: number): boolean {
    if ((this.#slots.flags(slot) & Flag.Running) === 0) return false;
    this.start(slot);
    this.#extended++;
    return true;
  }

  /** Sets the deadline itself, in ms; Infinity for none. */
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

  /** The deadline in ms, Infinity if none is pending. */
  deadline(slot: number): number {
    return this.#wheel.deadline(slot);
  }

  /** Gives some of the memory back that is not needed for slots below `slots`. Returns whether there was any. */
  trim(slots: number): boolean {
    return this.#wheel.trim(slots);
  }

  /** Milliseconds to the deadline, Infinity if none is pending. */
  left(slot: number): number {
    return this.#wheel.deadline(slot) - this.#now;
  }

  /** Lets happen what is due for the slot by now. Returns whether the slot still lives. */
  settle(slot: number): boolean {
    const deadline = this.#wheel.deadline(slot);
    return deadline > this.#now || this.#held || this.#act(slot, deadline);
  }

  /** Visits every slot that is due by now and was not acted on yet. */
  forEachDue(visit: (slot: number, deadline: number) => void): void {
    if (!this.#held) this.#wheel.forEachDue(this.#now, visit);
  }

  /** How often a duration was started again. */
  get extended(): number {
    return this.#extended;
  }

  /** How many deadlines are pending. */
  get pending(): number {
    return this.#wheel.size;
  }

  /** Length of the wheel's tick in ms. */
  get tickMs(): number {
    return this.#wheel.tickMs;
  }

  /** Wheel slots in a turn. */
  get wheelSlots(): number {
    return this.#wheel.slots;
  }

  /** How late 99 % of all deadlines were acted on at most, in ms. */
  get lateP99(): number {
    return this.#lateness.quantile(0.99);
  }

  #act(slot: number, deadline: number): boolean {
    this.#lateness.record(this.#now - deadline);
    return this.#onDue(slot, deadline);
  }
}
