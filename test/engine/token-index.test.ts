import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Flag, NONE, SlotTable } from '../../src/engine/slot-table.js';
import { TOKEN_WORDS } from '../../src/engine/token.js';
import { TokenIndex } from '../../src/engine/token-index.js';

const tokenOf = (number: number) => Uint32Array.from([number, number * 7, 1, 0]);

it('finds what a Map finds, through additions, removals and growth', () => {
  const act = fc.tuple(fc.boolean(), fc.nat({ max: 3000 }));
  fc.assert(
    fc.property(fc.array(act, { maxLength: 6000, size: 'max' }), (acts) => {
      const slots = new SlotTable(16);
      const index = new TokenIndex(slots);
      const model = new Map<number, number>();
      for (const [add, number] of acts) {
        const slot = model.get(number);
        expect(index.find(tokenOf(number))).toBe(slot ?? NONE);
        if (add && slot === undefined) {
          const made = slots.allocate(Flag.Session);
          slots.token.set(tokenOf(number), made * TOKEN_WORDS);
          index.add(made);
          model.set(number, made);
        } else if (!add && slot !== undefined) {
          index.remove(slot);
          slots.release(slot);
          model.delete(number);
        }
        expect(index.size).toBe(model.size);
      }
      for (const [number, slot] of model) expect(index.find(tokenOf(number))).toBe(slot);
    }),
    { numRuns: 30 },
  );
});
