import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Flag, NONE, SlotTable } from '../../../src/engine/tables/slot-table.js';

const place = fc.nat({ max: 40 });
const duration = fc.oneof(
  fc.constantFrom(0, 1, 2 ** 31, 2 ** 32 - 2, 2 ** 32 - 1, 2 ** 32, 2 ** 52, 0.5),
  fc.nat({ max: 2 ** 30 }),
);
const acts = fc.array(
  fc.oneof(
    fc.record({ act: fc.constant('allocate' as const), flag: fc.constantFrom(Flag.Session, Flag.OldToken) }),
    fc.record({ act: fc.constant('release' as const), place }),
    fc.record({ act: fc.constant('duration' as const), place, ms: duration }),
    fc.record({ act: fc.constant('maxAge' as const), place, ms: fc.constantFrom(0, 1000, (2 ** 31 - 1) * 1000) }),
    fc.record({ act: fc.constant('chain' as const), place, to: fc.constantFrom(NONE, 0, 77) }),
    fc.record({ act: fc.constant('keepId' as const), place }),
    fc.record({ act: fc.constant('doom' as const), place }),
  ),
  { maxLength: 200 },
);

interface Model {
  flag: number;
  duration: number;
  maxAge: number;
  chain: number;
  hasId: boolean;
}

describe('SlotTable', () => {
  it('holds the properties of each slot, usual or rare, and counts the memory of the rare ones', () => {
    fc.assert(
      fc.property(acts, (sequence) => {
        const slots = new SlotTable();
        const model = new Map<number, Model>();
        const empty = slots.memory;
        for (const step of sequence) {
          if (step.act === 'allocate') {
            const slot = slots.allocate(step.flag);
            if (step.flag === Flag.OldToken) slots.setChain(slot, NONE);
            model.set(slot, { flag: step.flag, duration: 0, maxAge: 0, chain: NONE, hasId: false });
            continue;
          }
          const slot = [...model.keys()][step.place % Math.max(1, model.size)];
          const expected = model.get(slot);
          if (expected === undefined) continue;
          if (step.act === 'release') {
            slots.release(slot);
            model.delete(slot);
          } else if (step.act === 'duration') {
            slots.setDuration(slot, step.ms);
            expected.duration = step.ms;
          } else if (step.act === 'maxAge') {
            slots.setMaxAge(slot, step.ms, step.ms + 7);
            expected.maxAge = step.ms;
          } else if (step.act === 'chain') {
            slots.setChain(slot, step.to);
            expected.chain = step.to;
          } else if (step.act === 'keepId') {
            slots.keepId(slot, slot, 2 ** 32 - 1);
            expected.hasId = true;
          } else {
            slots.doom(slot);
          }
        }
        let memory = 0;
        for (const [slot, { flag, duration, maxAge, chain, hasId }] of model) {
          expect([slots.duration(slot), slots.maxAge(slot), slots.chain(slot)]).toEqual([duration, maxAge, chain]);
          expect(slots.maxAgeEnd(slot)).toBe(maxAge === 0 ? Infinity : maxAge + 7);
          expect((slots.flags(slot) & Flag.KeptId) !== 0).toBe(hasId);
          if (hasId) expect([slots.idHigh(slot), slots.idLow(slot)]).toEqual([slot, 2 ** 32 - 1]);
          expect(slots.flags(slot) & (Flag.Session | Flag.OldToken)).toBe(flag);
          memory += slots.memoryOf(slot);
        }
        expect(slots.memory).toBe(memory);
        for (const slot of model.keys()) slots.release(slot);
        expect(slots.memory).toBe(empty);
      }),
    );
  });
});
