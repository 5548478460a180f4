import { column, longer, resized, shorter } from '../memory/column.js';

/**
 * A hashed timing wheel: starts, stops, extends and expires any number of timers in constant time each,
 * without allocating.
 *
 * It is scheme 6 of G. Varghese and T. Lauck, "Hashed and hierarchical timing wheels: data structures
 * for the efficient implementation of a timer facility" (SOSP 1987). Time is divided into *ticks* of
 * `tickMs`. Tick `t` belongs to *wheel slot* `t mod slots`. The timers of a wheel slot form a doubly
 * linked list. A timer due more than one revolution ahead stays in its wheel slot until its *round* comes.
 *
 * A timer is a small integer that the caller chooses (a row number, say). Its links and its deadline
 * are in columns indexed by that integer, 16 bytes per timer. So ten million timers are three typed
 * arrays and no objects.
 *
 * - **Accuracy**: a timer never fires early. It fires less than one tick late, plus the time until the
 *   caller calls {@link TimingWheel.advance}.
 * - **Extending is one store**: moving a deadline later only writes the deadline. When the wheel comes to the timer's
 *   old place, it finds the later deadline and links the timer there. So the wheel visits a timer once even if it was
 *   extended a thousand times. Only moving a deadline earlier relinks the timer at once.
 * - **Idle is free**: a bitmap of occupied wheel slots gives the next time that matters
 *   ({@link TimingWheel.nextVisit}), so nothing has to wake up for every tick.
 * - **Work comes in slices**: `advance` takes a budget of visits and continues where it stopped.
 *
 * All times are milliseconds since an origin that the caller chooses; fractions are allowed. The wheel has
 * no clock and no timer, and imports only the code that grows columns.
 *
 * @example
 * const wheel = new TimingWheel((timer) => console.log(`${timer} is due`));
 * wheel.schedule(7, 1_500);
 * wheel.schedule(7, 3_000); // extended: one store
 * wheel.advance(2_999); // nothing
 * wheel.advance(3_000); // "7 is due"
 */
export class TimingWheel {
  /** Bytes that the columns take per timer. */
  static readonly BYTES_PER_TIMER = 16;

  /** Length of a tick in milliseconds. */
  readonly tickMs: number;
  /** The number of wheel slots, a power of two. */
  readonly slots: number;

  readonly #onDue: (timer: number, deadline: number) => unknown;
  readonly #mask: number;
  /** The first timer of each wheel slot, or NIL. */
  readonly #heads: Int32Array;
  /** One bit per wheel slot, set when its list is not empty. */
  readonly #occupied: Uint32Array;
  /** The deadline of each timer in ms, or Infinity if it is not scheduled. */
  #deadlines: Float64Array<ArrayBuffer>;
  #next: Int32Array<ArrayBuffer>;
  /** The previous timer of the list. For the first timer, the complement (`~`) of its wheel slot. */
  #previous: Int32Array<ArrayBuffer>;

  /** The tick that is being processed or, if `#cursor` is NIL, the last one that was. */
  #tick: number;
  /** The next timer to visit in the current tick. */
  #cursor = NIL;
  #size = 0;
  #advancing = false;

  /**
   * @param onDue Called with each timer whose deadline has come, and that deadline in ms. The timer is no longer
   *   scheduled by then. The callback may schedule or cancel any timer, including this one. If it returns true, it took
   *   long, and the rest of the budget of `advance` is dropped. If it throws, `advance` throws the same error, and the
   *   next `advance` continues after that timer.
   * @throws RangeError if an option is out of range.
   */
  constructor(onDue: (timer: number, deadline: number) => unknown, options: TimingWheelOptions = {}) {
    const { tickMs = 10, slots = 2 ** 16, capacity = 1024, start = 0 } = options;
    if (!(tickMs > 0 && tickMs < Infinity)) throw new RangeError('tickMs must be a positive number of milliseconds');
    if (!(Number.isInteger(slots) && slots >= 32 && slots <= 2 ** 24 && (slots & (slots - 1)) === 0)) {
      throw new RangeError('slots must be a power of two from 32 to 2^24');
    }
    if (!(Number.isInteger(capacity) && capacity >= 1 && capacity <= MAX_TIMERS)) {
      throw new RangeError('capacity must be an integer from 1 to 2^27');
    }
    this.#onDue = onDue;
    this.tickMs = tickMs;
    this.slots = slots;
    this.#mask = slots - 1;
    this.#heads = new Int32Array(slots).fill(NIL);
    this.#occupied = new Uint32Array(slots / 32);
    const reserved = Math.max(capacity, RESERVED_TIMERS);
    this.#deadlines = column(Float64Array, capacity, reserved).fill(Infinity);
    this.#next = column(Int32Array, capacity, reserved);
    this.#previous = column(Int32Array, capacity, reserved);
    this.#tick = this.#tickAt(start);
  }

  /** The number of scheduled timers. */
  get size(): number {
    return this.#size;
  }

  /** The number of timers that fit before the columns grow. */
  get capacity(): number {
    return this.#deadlines.length;
  }

  /** Returns the deadline of a timer in ms, or Infinity if it is not scheduled. */
  deadline(timer: number): number {
    return this.#deadlines[timer] ?? Infinity;
  }

  /**
   * Starts a timer, or moves the deadline of a scheduled one.
   *
   * A timer whose deadline is in the past fires at the next tick that `advance` comes to.
   * @param timer An integer from 0 to 2^27 - 1. The columns grow to hold the largest one used.
   * @param deadline When the timer is due, in ms: finite, not negative.
   * @throws RangeError if either is out of range.
   */
  schedule(timer: number, deadline: number): void {
    const current = this.#deadlines[timer];
    if (current !== undefined && deadline >= current && deadline < Infinity) {
      this.#deadlines[timer] = deadline;
      return;
    }
    checkedTime(deadline);
    if (current === undefined) this.#growFor(timer);
    else if (current < Infinity) this.#unlink(timer);
    if (current === undefined || current === Infinity) this.#size++;
    this.#deadlines[timer] = deadline;
    this.#link(timer, Math.max(this.#dueTick(timer), this.#tick + 1));
  }

  /** Stops a timer. Returns whether it was scheduled. */
  cancel(timer: number): boolean {
    const current = this.#deadlines[timer];
    if (current === undefined || current === Infinity) return false;
    this.#unlink(timer);
    this.#deadlines[timer] = Infinity;
    this.#size--;
    return true;
  }

  /**
   * Processes every tick up to `now`. Timers fire in the order of their ticks, but in no particular order within a
   * tick. After a jump of more than one revolution, they fire in the order of the wheel slots.
   *
   * @param now The current time in ms. A time before that of the last `advance` does nothing new.
   * @param budget The maximum number of timers to visit, 1 or more.
   * @returns true if every tick up to `now` is processed, false if the budget ran out first.
   * @throws RangeError if `now` or `budget` is out of range; Error if called from `onDue`.
   */
  advance(now: number, budget: number = Infinity): boolean {
    if (!(budget >= 1)) throw new RangeError('budget must be at least 1');
    if (this.#advancing) throw new Error('advance must not be called from onDue');
    const target = this.#tickAt(now);
    this.#advancing = true;
    try {
      for (;;) {
        while (this.#cursor !== NIL) {
          if (budget-- < 1) return false;
          const timer = this.#cursor;
          this.#cursor = this.#next[timer];
          if (this.#visit(timer)) budget = 0;
        }
        if (this.#tick >= target) return true;
        // The last of several revolutions is enough: it visits every wheel slot.
        const from = Math.max(this.#tick, target - this.slots) + 1;
        this.#tick = Math.min(from + this.#emptySlotsFrom(from), target);
        this.#cursor = this.#heads[this.#tick & this.#mask];
      }
    } finally {
      this.#advancing = false;
    }
  }

  /**
   * Returns the next time in ms at which `advance` has a timer to visit, or Infinity if there is none. That timer is
   * not always due: a timer that was extended, or whose round has not come yet, is visited and stays scheduled.
   */
  nextVisit(): number {
    if (this.#cursor !== NIL) return this.#tick * this.tickMs;
    const empty = this.#emptySlotsFrom(this.#tick + 1);
    return empty === this.slots ? Infinity : (this.#tick + 1 + empty) * this.tickMs;
  }

  /**
   * Visits every timer whose deadline has come by `now` and that `advance` has not processed yet. The visitor must not
   * change anything.
   */
  forEachDue(now: number, visit: (timer: number, deadline: number) => void): void {
    const last = Math.min(this.#tickAt(now) + 1, this.#tick + this.slots - 1);
    for (let tick = this.#tick; tick <= last; tick++) {
      for (let timer = this.#heads[tick & this.#mask]; timer !== NIL; timer = this.#next[timer]) {
        if (this.#deadlines[timer] <= now) visit(timer, this.#deadlines[timer]);
      }
    }
  }

  /**
   * Adds timers to counts, by when they will fire. It reads the deadlines, so a timer that was extended is counted at
   * its new place, even if the wheel still has it at the old one. A count of many timers can be made in steps, with the
   * same `now` for all of them. It takes 10 to 15 ns per timer.
   * @param now The time of the count, in ms. Timers that are overdue then count as due at the next tick.
   * @param from The first timer to count.
   * @param to The timer to stop at. Default: all timers that fit.
   * @returns Whether there are timers from `to` on.
   * @throws RangeError if `now` is out of range.
   */
  countAhead(now: number, counts: TimerCounts, from = 0, to: number = this.capacity): boolean {
    // Everything is in local variables, because the loop runs over millions of timers.
    const { thisRound, laterRounds, soon, soonPartMs } = counts;
    const deadlines = this.#deadlines;
    const { tickMs, slots } = this;
    const mask = this.#mask;
    const shift = Math.log2(slots / thisRound.length);
    const hand = this.#tickAt(now);
    const soonEnd = now + soon.length * soonPartMs;
    const end = Math.min(to, this.capacity);
    for (let timer = from; timer < end; timer++) {
      const deadline = deadlines[timer];
      if (deadline === Infinity) continue;
      let tick = Math.ceil(deadline / tickMs);
      if (tick * tickMs < deadline) tick++;
      if (tick <= hand) tick = hand + 1;
      const segment = (tick & mask) >>> shift;
      if (tick - hand <= slots) thisRound[segment]++;
      else laterRounds[segment]++;
      if (deadline < soonEnd) soon[Math.max(0, Math.floor((deadline - now) / soonPartMs))]++;
    }
    return end < this.capacity;
  }

  /** Returns the wheel slot of the last tick that has started by `now` (ms): the position of the hand. */
  handAt(now: number): number {
    return this.#tickAt(now) & this.#mask;
  }

  /**
   * Makes room for timers 0 to `capacity` - 1 at once, before many are scheduled.
   * @throws RangeError if `capacity` is more than 2^27 or not an integer.
   */
  reserve(capacity: number): void {
    if (capacity <= this.capacity) return;
    if (!(Number.isInteger(capacity) && capacity <= MAX_TIMERS)) {
      throw new RangeError('capacity must be an integer of at most 2^27');
    }
    this.#resize(capacity);
  }

  /**
   * Frees some of the memory if there is much more than timers 0 to `capacity` - 1 need. Timers from `capacity` on must
   * not be scheduled. Returns whether it freed any.
   */
  trim(capacity: number): boolean {
    const trimmed = shorter(this.capacity, capacity);
    if (trimmed === this.capacity) return false;
    this.#resize(trimmed);
    return true;
  }

  #resize(capacity: number): void {
    const former = this.capacity;
    this.#deadlines = resized(this.#deadlines, capacity);
    if (capacity > former) this.#deadlines.fill(Infinity, former);
    this.#next = resized(this.#next, capacity);
    this.#previous = resized(this.#previous, capacity);
  }

  #growFor(timer: number): void {
    if (!(Number.isInteger(timer) && timer >= 0 && timer < MAX_TIMERS)) {
      throw new RangeError('a timer must be an integer from 0 to 2^27 - 1');
    }
    this.reserve(Math.min(longer(this.capacity, timer + 1), MAX_TIMERS));
  }

  /** Returns whether `onDue` took long. */
  #visit(timer: number): boolean {
    const due = this.#dueTick(timer);
    if (due <= this.#tick) {
      const deadline = this.#deadlines[timer];
      this.cancel(timer);
      return this.#onDue(timer, deadline) === true;
    }
    if (((due ^ this.#tick) & this.#mask) !== 0) {
      this.#unlink(timer);
      this.#link(timer, due);
    }
    return false;
  }

  /** Returns the first tick that does not start before the deadline: a timer never fires early. */
  #dueTick(timer: number): number {
    const deadline = this.#deadlines[timer];
    const tick = Math.ceil(deadline / this.tickMs);
    // The quotient is rounded, so the tick may start just before the deadline.
    return tick * this.tickMs < deadline ? tick + 1 : tick;
  }

  /** Returns the last tick that has started by `time`. */
  #tickAt(time: number): number {
    const tick = Math.floor(checkedTime(time) / this.tickMs);
    return tick * this.tickMs > time ? tick - 1 : tick;
  }

  /**
   * Links a timer at the head of a tick's list. Tick numbers exceed 2^31: `&` takes them modulo 2^32, of which the
   * number of wheel slots is a divisor.
   */
  #link(timer: number, tick: number): void {
    const slot = tick & this.#mask;
    const head = this.#heads[slot];
    this.#next[timer] = head;
    this.#previous[timer] = ~slot;
    this.#heads[slot] = timer;
    if (head === NIL) this.#occupied[slot >>> 5] |= 1 << (slot & 31);
    else this.#previous[head] = timer;
  }

  #unlink(timer: number): void {
    const next = this.#next[timer];
    const previous = this.#previous[timer];
    if (timer === this.#cursor) this.#cursor = next;
    if (next !== NIL) this.#previous[next] = previous;
    if (previous >= 0) {
      this.#next[previous] = next;
      return;
    }
    const slot = ~previous;
    this.#heads[slot] = next;
    if (next === NIL) this.#occupied[slot >>> 5] &= ~(1 << (slot & 31));
  }

  /** Returns how many wheel slots in a row are empty, starting with that of `tick`: 0 to `slots`. */
  #emptySlotsFrom(tick: number): number {
    const first = tick & this.#mask;
    const words = this.#occupied.length;
    let word = first >>> 5;
    let bits = this.#occupied[word] & (-1 << (first & 31));
    // One word more than there are: the low bits of the first word come last.
    for (let looked = 0; looked <= words; looked++) {
      if (bits !== 0) {
        const slot = (word << 5) | (31 - Math.clz32(bits & -bits));
        return (slot - first) & this.#mask;
      }
      word = word + 1 === words ? 0 : word + 1;
      bits = this.#occupied[word];
    }
    return this.slots;
  }
}

/** The numbers of timers, by when they will fire. {@link TimingWheel.countAhead} adds to them. */
export interface TimerCounts {
  /**
   * Timers that fire within one revolution, by segment of the wheel. All segments have the same number of wheel slots,
   * so the number of segments must be a power of two, up to the number of wheel slots.
   */
  readonly thisRound: Uint32Array;
  /** Timers that fire in later rounds, by the same segments. */
  readonly laterRounds: Uint32Array;
  /** Timers by time left, in parts of `soonPartMs`, as far as the array goes. The first includes overdue timers. */
  readonly soon: Uint32Array;
  readonly soonPartMs: number;
}

/** Options of a {@link TimingWheel}. Each may be left out. */
export interface TimingWheelOptions {
  /** Length of a tick in ms, more than 0. Default 10. */
  readonly tickMs?: number;
  /** The number of wheel slots: a power of two from 32 to 2^24. Default 2^16, so that a revolution takes 655 s. */
  readonly slots?: number;
  /** Timers to make room for initially: 1 to 2^27. Default 1024. The wheel grows as needed. */
  readonly capacity?: number;
  /** The current time in ms. Ticks up to it count as processed. Default 0. */
  readonly start?: number;
}

/** The end of a list. */
const NIL = -1;
const MAX_TIMERS = 2 ** 27;
/** The columns can grow to this many timers in place. Beyond that, they are copied to twice the length. */
const RESERVED_TIMERS = 2 ** 25;

function checkedTime(time: number): number {
  if (time >= 0 && time < Infinity) return time;
  throw new RangeError('a time must be a finite, non-negative number of milliseconds');
}
