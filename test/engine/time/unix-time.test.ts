import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Clock, NO_SESSION, SessionEngine } from '../../../src/engine/index.js';
import { UnixTime } from '../../../src/engine/time/unix-time.js';
import { Slice } from '../../../src/slice.js';

/** A realistic clock: each reading is off by a different fraction, and the wall clock is adjusted now and then. */
class UnevenClock implements Clock {
  monotonic: number;
  wallTime: number;
  #looks = 0;
  readonly #jitter: readonly number[];

  constructor(monotonic: number, wall: number, jitter: readonly number[]) {
    this.monotonic = monotonic;
    this.wallTime = wall;
    this.#jitter = jitter;
  }

  now(): number {
    return this.monotonic + this.#next();
  }

  wall(): number {
    return this.wallTime + this.#next();
  }

  after(): () => void {
    return () => {};
  }

  pass(ms: number): void {
    this.monotonic += ms;
    this.wallTime += ms;
  }

  #next(): number {
    return this.#jitter[this.#looks++ % this.#jitter.length] ?? 0;
  }
}

const uptime = fc.double({ min: 0, max: 1e10, noNaN: true });
const wall = fc.double({ min: 1.6e12, max: 4e12, noNaN: true });
/**
 * Some systems' wall clocks have whole milliseconds. The errors of the two clocks differ by less than a millisecond.
 */
const jitter = fc.array(fc.double({ min: 0, max: 0.99, noNaN: true }), { minLength: 1, maxLength: 7 });
const passing = fc.double({ min: 0, max: 1e9, noNaN: true });
const unix = fc.integer({ min: 1, max: 2 ** 47 });

it('a timestamp converted there and back is the same millisecond, however uneven the clocks are', () => {
  fc.assert(
    fc.property(uptime, wall, jitter, fc.array(passing, { maxLength: 5 }), unix, (start, began, uneven, passed, at) => {
      const clock = new UnevenClock(start, began, uneven);
      const time = new UnixTime(clock);
      const instant = time.instantOf(at);
      expect(time.of(instant)).toBe(at);
      for (const ms of passed) {
        clock.pass(ms);
        expect(time.of(instant)).toBe(at);
        expect(time.instantOf(at)).toBeCloseTo(instant, 3);
      }
    }),
    { numRuns: 500 },
  );
});

it('timestamps keep their distances and their order', () => {
  fc.assert(
    fc.property(uptime, wall, jitter, unix, fc.nat(1e9), (start, began, uneven, at, later) => {
      const time = new UnixTime(new UnevenClock(start, began, uneven));
      const instant = time.instantOf(at);
      expect(time.of(instant + later) - time.of(instant)).toBe(later);
    }),
  );
});

it('follows a wall clock that is set forward or back', () => {
  const clock = new UnevenClock(5000, 1_900_000_000_000, [0]);
  const time = new UnixTime(clock);
  expect(time.of(5000)).toBe(1_900_000_000_000);
  for (const wallTime of [1_900_000_060_000, 1_899_999_000_000, 1_900_000_000_003]) {
    clock.wallTime = wallTime;
    expect(time.of(5000)).toBe(wallTime);
    expect(time.instantOf(wallTime + 7)).toBe(5007);
  }
});

it('a session set to end at a timestamp reports that timestamp at any time, and ends then', () => {
  fc.assert(
    fc.property(uptime, wall, fc.integer({ min: 1, max: 1e9 }), fc.array(passing), (start, began, left, passed) => {
      const clock = new UnevenClock(start, began, [0]);
      const engine = new SessionEngine({ clock, instant: () => clock.now() });
      const at = Math.floor(began) + left;
      const name = Slice.of('k');
      engine.create(name, { shared: 'tokenless' });
      const duration = engine.timeUntil(at);
      if (duration <= 0) return;
      engine.setDuration(engine.findShared(name), duration);
      for (const ms of passed) {
        clock.pass(ms);
        const session = engine.findShared(name);
        // The test's clock adds up fractions, so it is less exact than a double can be.
        if (Math.abs(clock.wallTime - at) < 0.01) return;
        expect(session !== NO_SESSION).toBe(clock.wallTime < at);
        if (session !== NO_SESSION) expect(engine.unixDeadline(session)).toBe(at);
      }
    }),
    { numRuns: 300 },
  );
});
