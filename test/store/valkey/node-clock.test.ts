import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NodeClock } from '../../../src/store/valkey/owning/node-clock.js';

const delays = fc.array(
  fc.record({
    there: fc.double({ min: 0, max: 100, noNaN: true }),
    back: fc.double({ min: 0, max: 100, noNaN: true }),
  }),
  { minLength: 1, maxLength: 50 },
);

/** Learns from calls that take so long, one a second. Returns the clock and the shortest round trip in ms. */
function learned(clock: NodeClock, calls: readonly { there: number; back: number }[], ahead: number, from = 0): number {
  calls.forEach(({ there, back }, i) => {
    const sent = from + i * 1000;
    clock.learn(sent, sent + there + back, Math.floor(sent + there + ahead));
  });
  return Math.min(...calls.map(({ there, back }) => there + back));
}

describe('the clock of a node', () => {
  it('is known to half the shortest round trip, and what clocks drift', () => {
    fc.assert(
      fc.property(delays, (calls) => {
        const clock = new NodeClock();
        const shortest = learned(clock, calls, 1e12);
        expect(Math.abs(clock.ahead - 1e12)).toBeLessThanOrEqual((shortest + 1) / 2 + calls.length * 0.5);
      }),
    );
  });

  it('follows when it is set', () => {
    fc.assert(
      fc.property(delays, fc.integer({ min: -1e9, max: 1e9 }), (calls, by) => {
        const clock = new NodeClock();
        learned(clock, calls, 1e12);
        learned(clock, calls, 1e12 + by, 100_000);
        const [last] = calls.slice(-1);
        const roundTrip = Math.max(...calls.map(({ there, back }) => there + back), last.there + last.back);
        expect(Math.abs(clock.ahead - 1e12 - by)).toBeLessThanOrEqual(roundTrip + 1 + 100);
      }),
    );
  });
});
