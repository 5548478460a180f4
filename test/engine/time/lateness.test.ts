import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Lateness, type LatenessSummary } from '../../../src/engine/time/lateness.js';

const MINUTE = 60_000;

/** Lateness with a clock that stands still until it is told. */
function setUp() {
  const lateness = new Lateness(0);
  let now = 0;
  return {
    lateness,
    record: (...all: number[]) => {
      for (const ms of all) lateness.record(ms, now);
    },
    recent: () => lateness.recent(now),
    pass: (ms: number) => {
      now += ms;
    },
  };
}

describe('Lateness', () => {
  it('summarizes: rounded up to whole ms, and beyond 128 ms by at most a 64th', () => {
    const { record, recent } = setUp();
    expect(recent()).toEqual({ count: 0, p50: 0, p99: 0, max: 0 });
    for (let ms = 0; ms < 100; ms++) record(ms + 0.5);
    expect(recent()).toEqual({ count: 100, p50: 50, p99: 99, max: 100 });
    record(...Array.from({ length: 100 }, () => 1001.5));
    expect(recent()).toEqual({ count: 200, p50: 100, p99: 1002, max: 1002 });
    record(...Array.from({ length: 800 }, () => 500.5), 1500);
    expect(recent()).toEqual({ count: 1001, p50: 504, p99: 1008, max: 1500 });
  });

  it('forgets what is more than five minutes old, but not in the total', () => {
    const { lateness, pass, record, recent } = setUp();
    record(7);
    pass(5 * MINUTE - 1);
    expect(recent()).toEqual({ count: 1, p50: 7, p99: 7, max: 7 });
    record(3);
    pass(1);
    expect(recent()).toEqual({ count: 1, p50: 3, p99: 3, max: 3 });
    pass(60 * MINUTE);
    expect(recent()).toEqual({ count: 0, p50: 0, p99: 0, max: 0 });
    expect(lateness.total()).toEqual({ count: 2, p50: 3, p99: 7, max: 7 });
  });

  it('can look back for another time than five minutes', () => {
    const lateness = new Lateness(0, 5000);
    lateness.record(7, 999);
    lateness.record(3, 1000);
    expect(lateness.recent(4999).count).toBe(2);
    expect(lateness.recent(5000)).toEqual({ count: 1, p50: 3, p99: 3, max: 3 });
    expect(lateness.recent(6000).count).toBe(0);
    expect(lateness.total().count).toBe(2);
  });

  it('a reset clears the summaries, and not what is counted since the beginning', () => {
    const { lateness, record, recent } = setUp();
    record(7, 20);
    lateness.reset();
    expect(recent()).toEqual({ count: 0, p50: 0, p99: 0, max: 0 });
    expect(lateness.total()).toEqual({ count: 0, p50: 0, p99: 0, max: 0 });
    record(3);
    expect(recent()).toEqual({ count: 1, p50: 3, p99: 3, max: 3 });
    expect(lateness.total()).toEqual({ count: 1, p50: 3, p99: 3, max: 3 });
    expect(lateness.counts([5, 10])).toEqual([1, 2, 3]);
    expect(lateness.sum).toBe(30);
  });

  it('agrees with a list of everything that was recorded', () => {
    const limits = [1, 2, 5, 10, 20, 50, 100, 250, 500, 1000, 2000];
    const ms = fc.oneof(
      fc.constantFrom(0, ...limits),
      fc.double({ min: 0, max: 300, noNaN: true }),
      fc.double({ min: 0, max: 1e9, noNaN: true }),
    );
    const step = fc.oneof(
      fc.record({ record: ms }),
      fc.record({ pass: fc.integer({ min: 0, max: 3 * MINUTE }) }),
      fc.constant('reset' as const),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { lateness, ...setup } = setUp();
        const all: { ms: number; at: number; reset: boolean }[] = [];
        let now = 0;
        for (const each of steps) {
          if (each === 'reset') {
            lateness.reset();
            for (const one of all) one.reset = true;
          } else if ('pass' in each) {
            setup.pass(each.pass);
            now += each.pass;
          } else {
            setup.record(each.record);
            all.push({ ms: each.record, at: now, reset: false });
          }
        }
        const since = (Math.floor(now / MINUTE) - 4) * MINUTE;
        const kept = all.filter((one) => !one.reset);
        expectSummary(
          setup.recent(),
          kept.filter(({ at }) => at >= since).map((one) => one.ms),
        );
        expectSummary(
          lateness.total(),
          kept.map((one) => one.ms),
        );
        const upTo = (limit: number) => all.filter((one) => one.ms <= limit).length;
        expect(lateness.counts(limits)).toEqual([...limits, Infinity].map(upTo));
      }),
    );
  });
});

function expectSummary({ count, p50, p99, max }: LatenessSummary, given: number[]): void {
  const sorted = given.toSorted((a, b) => a - b);
  const exact = (share: number) => Math.min(sorted[Math.ceil(sorted.length * share) - 1] ?? 0, 2 ** 22);
  expect(count).toBe(sorted.length);
  expect(max).toBe(Math.ceil(sorted.at(-1) ?? 0));
  for (const [found, wanted] of [
    [p50, exact(0.5)],
    [p99, exact(0.99)],
  ]) {
    expect(found).toBeGreaterThanOrEqual(wanted);
    expect(found).toBeLessThanOrEqual(max);
    expect(found).toBeLessThanOrEqual(Math.max(Math.ceil(wanted), wanted * (1 + 1 / 64) + 1));
  }
}
