import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Numbering } from '../../../src/engine/tables/numbering.js';

it('takes the lowest free number, and knows the highest taken one', () => {
  // Runs of equal operations, so that words and levels fill up and empty.
  const act = fc.record({ take: fc.boolean(), times: fc.nat({ max: 300 }), from: fc.nat() });
  fc.assert(
    fc.property(fc.array(act, { maxLength: 30 }), (acts) => {
      const numbering = new Numbering();
      const taken = new Set<number>();
      for (const { take, times, from } of acts) {
        for (let i = 0; i < times; i++) {
          if (take) {
            let lowest = 0;
            while (taken.has(lowest)) lowest++;
            expect(numbering.take()).toBe(lowest);
            taken.add(lowest);
          } else if (taken.size > 0) {
            const number = [...taken][from % taken.size];
            numbering.release(number);
            taken.delete(number);
          }
          expect([numbering.taken, numbering.end]).toEqual([taken.size, Math.max(-1, ...taken) + 1]);
        }
      }
    }),
    { numRuns: 30 },
  );
});

it('fills every level', () => {
  const numbering = new Numbering();
  expect(Array.from({ length: 40_000 }, () => numbering.take())).toEqual(Array.from({ length: 40_000 }, (_, i) => i));
  for (const free of [32_767, 1024, 0, 39_999]) numbering.release(free);
  expect(numbering.end).toBe(39_999);
  for (const lowest of [0, 1024, 32_767, 39_999, 40_000]) expect(numbering.take()).toBe(lowest);
});
