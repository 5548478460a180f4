import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SlotSet } from '../../../src/engine/tables/slot-set.js';
import { NONE } from '../../../src/engine/tables/slot-table.js';

/** Slots close together, at the ends of words and chunks, and far apart. */
const slot = fc.oneof(
  fc.nat({ max: 70 }),
  fc.constantFrom(31, 32, 1023, 32_767, 32_768, 65_535, 65_536),
  fc.nat({ max: 500_000 }),
);

it('holds what a set of numbers holds, in order', () => {
  const step = fc.record({ slot, removes: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), fc.array(slot, { maxLength: 20 }), (steps, looks) => {
      const set = new SlotSet();
      const model = new Set<number>();
      for (const { slot, removes } of steps) {
        if (removes) expect(set.delete(slot)).toBe(model.delete(slot));
        else if (!model.has(slot)) set.add(slot);
        if (!removes) model.add(slot);
        expect(set.has(slot)).toBe(model.has(slot));
        expect(set.size).toBe(model.size);
      }
      const sorted = [...model].sort((a, b) => a - b);
      const walked: number[] = [];
      for (let next = set.from(0); next !== NONE; next = set.from(next + 1)) walked.push(next);
      expect(walked).toEqual(sorted);
      expect(sorted.map((_, rank) => set.at(rank))).toEqual(sorted);
      expect(set.at(sorted.length)).toBe(NONE);
      for (const look of looks) expect(set.from(look)).toBe(sorted.find((member) => member >= look) ?? NONE);
      for (const member of sorted) set.delete(member);
      expect(set.bytes).toBe(0);
    }),
  );
});
