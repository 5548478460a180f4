import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type TimerCounts, TimingWheel } from '../../../src/engine/time/timing-wheel.js';

const TICK = 10;
const SLOTS = 32;
const TURN = TICK * SLOTS;

/** A wheel that records what fires. */
function wheelWithLog(options: ConstructorParameters<typeof TimingWheel>[1] = {}) {
  const fired: number[] = [];
  const wheel = new TimingWheel((timer) => fired.push(timer), { tickMs: TICK, slots: SLOTS, ...options });
  return { wheel, fired, take: () => fired.splice(0).sort((a, b) => a - b) };
}

/** Counts in 8 segments, and the next 3 * 25 ms. */
function noCounts(): TimerCounts {
  return { thisRound: new Uint32Array(8), laterRounds: new Uint32Array(8), soon: new Uint32Array(3), soonPartMs: 25 };
}

describe('TimingWheel', () => {
  it('fires a timer at the first tick that does not start before its deadline', () => {
    const { wheel, take } = wheelWithLog();
    wheel.schedule(1, 20);
    wheel.schedule(2, 20.5);
    wheel.advance(19.9);
    expect(take()).toEqual([]);
    wheel.advance(20);
    expect(take()).toEqual([1]);
    wheel.advance(29.9);
    expect(take()).toEqual([]);
    wheel.advance(30);
    expect(take()).toEqual([2]);
    expect(wheel.size).toBe(0);
  });

  it('fires in the order of the ticks', () => {
    const { wheel, fired } = wheelWithLog();
    [70, 10, 310, 40].forEach((deadline, timer) => {
      wheel.schedule(timer, deadline);
    });
    wheel.advance(TURN);
    expect(fired).toEqual([1, 3, 0, 2]);
  });

  it('keeps a timer that is many revolutions away until its round comes', () => {
    const { wheel, take } = wheelWithLog();
    const deadline = 7 * TURN + 50;
    wheel.schedule(3, deadline);
    for (let now = 0; now < deadline; now += TICK) wheel.advance(now);
    expect(take()).toEqual([]);
    wheel.advance(deadline);
    expect(take()).toEqual([3]);
  });

  it('reaches deadlines decades away', () => {
    const { wheel, take } = wheelWithLog();
    const deadline = (2 ** 31 - 1) * 1000;
    wheel.schedule(0, deadline);
    wheel.advance(deadline - 1);
    expect(take()).toEqual([]);
    wheel.advance(deadline + TICK);
    expect(take()).toEqual([0]);
  });

  it('visits a timer once, however often it was extended', () => {
    const { wheel, take } = wheelWithLog();
    wheel.schedule(1, 100);
    for (let i = 1; i <= 1000; i++) wheel.schedule(1, 100 + i / 10);
    // The old place is visited once, to link the timer where it belongs.
    expect(wheel.advance(100, 1)).toBe(true);
    expect(take()).toEqual([]);
    expect(wheel.nextVisit()).toBe(200);
    wheel.advance(200);
    expect(take()).toEqual([1]);
  });

  it('relinks at once when a deadline moves earlier', () => {
    const { wheel, take } = wheelWithLog();
    wheel.schedule(1, 300);
    wheel.schedule(1, 40);
    expect(wheel.nextVisit()).toBe(40);
    wheel.advance(40);
    expect(take()).toEqual([1]);
  });

  it('fires a timer with a deadline in the past at the next tick', () => {
    const { wheel, take } = wheelWithLog();
    wheel.advance(100);
    wheel.schedule(1, 5);
    wheel.advance(109);
    expect(take()).toEqual([]);
    wheel.advance(110);
    expect(take()).toEqual([1]);
  });

  it('lets the callback schedule and cancel any timer, including its own', () => {
    const fired: number[] = [];
    const wheel = new TimingWheel(
      (timer) => {
        fired.push(timer);
        if (timer < 4) for (const other of [0, 1, 2, 3]) if (other !== timer) wheel.cancel(other);
        if (fired.length < 3) wheel.schedule(timer, 20 + fired.length * TICK);
        wheel.schedule(9, 5);
      },
      { tickMs: TICK, slots: SLOTS },
    );
    for (const timer of [0, 1, 2, 3]) wheel.schedule(timer, 20);
    wheel.advance(20);
    expect(fired).toHaveLength(1);
    wheel.advance(30);
    expect(fired).toHaveLength(3);
    wheel.advance(10 * TURN);
    expect(wheel.size).toBe(1); // 9 schedules itself again and again
  });

  it('does not let the callback advance the wheel, and continues after the callback threw', () => {
    const fired: number[] = [];
    const wheel = new TimingWheel((timer) => {
      fired.push(timer);
      wheel.advance(1000);
    });
    wheel.schedule(1, 10);
    wheel.schedule(2, 10);
    expect(() => wheel.advance(10)).toThrow('advance must not be called from onDue');
    expect(() => wheel.advance(10)).toThrow('advance must not be called from onDue');
    expect(wheel.advance(10)).toBe(true);
    expect(fired.sort()).toEqual([1, 2]);
  });

  it('sleeps until the next tick that matters', () => {
    const { wheel } = wheelWithLog();
    expect(wheel.nextVisit()).toBe(Infinity);
    wheel.schedule(1, 311);
    wheel.schedule(2, 250);
    expect(wheel.nextVisit()).toBe(250);
    wheel.advance(250);
    expect(wheel.nextVisit()).toBe(320);
    wheel.cancel(1);
    expect(wheel.nextVisit()).toBe(Infinity);
  });

  it('grows to hold the largest timer', () => {
    const { wheel, take } = wheelWithLog({ capacity: 1 });
    wheel.schedule(0, 10);
    wheel.schedule(5000, 10);
    wheel.schedule(70_000, 10);
    expect(wheel.capacity).toBeGreaterThan(70_000);
    expect(wheel.deadline(4000)).toBe(Infinity);
    wheel.advance(10);
    expect(take()).toEqual([0, 5000, 70_000]);
  });

  it('counts timers by where and when they will fire, extended or not, in steps or at once', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 3 * TURN }),
        fc.array(fc.record({ delay: fc.integer({ min: 0, max: 4 * TURN }), extendedBy: fc.nat(2 * TURN) }), {
          maxLength: 40,
        }),
        fc.integer({ min: 1, max: 50 }),
        (start, timers, step) => {
          const fired: { timer: number; at: number }[] = [];
          let now = start;
          const wheel = new TimingWheel((timer) => fired.push({ timer, at: now }), {
            tickMs: TICK,
            slots: SLOTS,
            start,
            capacity: 1,
          });
          const deadlines = timers.map(({ delay, extendedBy }) => start + delay + extendedBy);
          timers.forEach(({ delay }, timer) => {
            wheel.schedule(timer, start + delay);
            wheel.schedule(timer, deadlines[timer]);
          });
          const counted = noCounts();
          let from = 0;
          while (wheel.countAhead(start, counted, from, from + step)) from += step;

          for (; wheel.size > 0; now += TICK) wheel.advance(now);
          const expected = noCounts();
          const hand = Math.floor(start / TICK);
          for (const { timer, at } of fired) {
            const tick = Math.floor(at / TICK);
            const round = tick - hand <= SLOTS ? expected.thisRound : expected.laterRounds;
            round[Math.floor((tick % SLOTS) / (SLOTS / round.length))]++;
            const part = Math.floor((deadlines[timer] - start) / expected.soonPartMs);
            if (part < expected.soon.length) expected.soon[part]++;
          }
          expect(counted).toEqual(expected);
        },
      ),
    );
  });

  it('counts a timer that is overdue as due at the next tick', () => {
    const { wheel } = wheelWithLog({ start: TURN });
    wheel.schedule(1, 5);
    const counts = noCounts();
    expect(wheel.countAhead(TURN + 35, counts)).toBe(false);
    expect(wheel.handAt(TURN + 35)).toBe(3);
    expect([...counts.thisRound]).toEqual([0, 1, 0, 0, 0, 0, 0, 0]);
    expect([...counts.soon]).toEqual([1, 0, 0]);
  });

  it.each([
    [{ tickMs: 0 }],
    [{ tickMs: Number.NaN }],
    [{ tickMs: Infinity }],
    [{ slots: 48 }],
    [{ slots: 16 }],
    [{ slots: 2 ** 25 }],
    [{ capacity: 0 }],
    [{ capacity: 1.5 }],
    [{ capacity: 2 ** 28 }],
    [{ start: -1 }],
  ])('refuses the option %j', (options) => {
    expect(() => new TimingWheel(() => {}, options)).toThrow(RangeError);
  });

  it('refuses invalid times and timers, and does not change', () => {
    const { wheel, take } = wheelWithLog();
    wheel.schedule(1, 50);
    for (const instant of [Number.NaN, Infinity, -1]) {
      expect(() => wheel.schedule(1, instant)).toThrow(RangeError);
      expect(() => wheel.schedule(2, instant)).toThrow(RangeError);
      expect(() => wheel.advance(instant)).toThrow(RangeError);
    }
    for (const timer of [-1, 0.5, 2 ** 27, Number.NaN]) expect(() => wheel.schedule(timer, 50)).toThrow(RangeError);
    expect(() => wheel.advance(50, 0)).toThrow(RangeError);
    expect(() => wheel.reserve(2 ** 28)).toThrow(RangeError);
    expect(wheel.size).toBe(1);
    wheel.advance(50);
    expect(take()).toEqual([1]);
  });

  it('behaves like a sorted list, whatever is done in any order', () => {
    fc.assert(
      fc.property(fc.array(anAct, { maxLength: 120 }), (acts) => new Comparison().run(acts)),
      { numRuns: 600 },
    );
  });

  // The quotient of these deadlines and ticks is rounded down to a whole number of ticks.
  it.each([
    [0.1, 0.9000000000000001, 0.9],
    [1.1, 5.500000000000001, 5.5],
    [16.67, 183.37000000000003, 183.37],
  ])('does not fire early because of rounding: ticks of %d ms, due at %d', (tickMs, deadline, before) => {
    const { wheel, take } = wheelWithLog({ tickMs });
    wheel.schedule(1, deadline);
    wheel.advance(before);
    expect(take()).toEqual([]);
    wheel.advance(deadline + tickMs);
    expect(take()).toEqual([1]);
  });

  it('behaves like a sorted list at fractions of a tick', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1e-3, max: 1e3, noNaN: true }),
        fc.array(fc.double({ min: 0, max: 1e5, noNaN: true }), { maxLength: 30 }),
        (tickMs, instants) => {
          const due: number[] = [];
          const wheel = new TimingWheel((_, deadline) => due.push(deadline), { tickMs, slots: SLOTS });
          instants.forEach((deadline, timer) => {
            wheel.schedule(timer, deadline);
          });
          for (const now of [...instants].sort((a, b) => a - b)) {
            wheel.advance(now);
            for (const deadline of due.splice(0)) expect(deadline).toBeLessThanOrEqual(now);
          }
          wheel.advance(2e5);
          expect(wheel.size).toBe(0);
        },
      ),
    );
  });
});

/** An operation on a wheel. `during` is what the callback does while time advances. */
type Act =
  | { kind: 'schedule'; timer: number; delay: number }
  | { kind: 'cancel'; timer: number }
  | { kind: 'advance'; ms: number; budget: number; during: Act[] };

const timers = fc.integer({ min: 0, max: 12 });
const delays = fc.oneof(
  fc.integer({ min: -50, max: 3 * TICK }),
  fc.integer({ min: 0, max: TURN }),
  fc.integer({ min: 0, max: 5 * TURN }),
);
const aScheduling: fc.Arbitrary<Act> = fc.record({ kind: fc.constant('schedule'), timer: timers, delay: delays });
const aCancelling: fc.Arbitrary<Act> = fc.record({ kind: fc.constant('cancel'), timer: timers });
const anAct: fc.Arbitrary<Act> = fc.oneof(
  { weight: 4, arbitrary: aScheduling },
  { weight: 1, arbitrary: aCancelling },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('advance'),
      ms: fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 3 * TURN })),
      budget: fc.oneof(fc.constant(Infinity), fc.integer({ min: 1, max: 3 })),
      during: fc.array(fc.oneof(aScheduling, aCancelling), { maxLength: 4 }),
    }),
  },
);

/** Compares a wheel with a naive model: a list of deadlines that is searched from end to end. */
class Comparison {
  #now = 0;
  /** The deadline of each timer, and the first tick at which it could fire when it was scheduled. */
  readonly #model = new Map<number, { deadline: number; from: number }>();
  #inCallback: Act[] = [];
  readonly #wheel = new TimingWheel((timer, deadline) => this.#onDue(timer, deadline), {
    tickMs: TICK,
    slots: SLOTS,
    capacity: 2,
  });

  run(acts: Act[]): void {
    for (const act of acts) {
      this.#do(act);
      this.#compare();
    }
    this.#do({ kind: 'advance', ms: 20 * TURN, budget: Infinity, during: [] });
    expect(this.#wheel.size).toBe(0);
  }

  #do(act: Act): void {
    if (act.kind === 'schedule') {
      const deadline = Math.max(0, this.#now + act.delay);
      this.#wheel.schedule(act.timer, deadline);
      this.#model.set(act.timer, { deadline, from: Math.floor(this.#now / TICK) + 1 });
    } else if (act.kind === 'cancel') {
      expect(this.#wheel.cancel(act.timer)).toBe(this.#model.delete(act.timer));
    } else {
      this.#now += act.ms;
      this.#inCallback = [...act.during];
      while (!this.#wheel.advance(this.#now, act.budget));
      this.#inCallback = [];
      for (const { deadline, from } of this.#model.values()) {
        expect(Math.max(Math.ceil(deadline / TICK), from)).toBeGreaterThan(Math.floor(this.#now / TICK));
      }
    }
  }

  #onDue(timer: number, deadline: number): void {
    expect(this.#model.get(timer)?.deadline).toBe(deadline);
    expect(deadline).toBeLessThanOrEqual(this.#now);
    this.#model.delete(timer);
    const act = this.#inCallback.pop();
    if (act !== undefined) this.#do(act);
  }

  #compare(): void {
    expect(this.#wheel.size).toBe(this.#model.size);
    for (const [timer, { deadline, from }] of this.#model) {
      expect(this.#wheel.deadline(timer)).toBe(deadline);
      expect(this.#wheel.nextVisit()).toBeLessThanOrEqual(Math.max(Math.ceil(deadline / TICK), from) * TICK);
    }
    if (this.#model.size === 0) expect(this.#wheel.nextVisit()).toBe(Infinity);
  }
}
