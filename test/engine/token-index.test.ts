import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Flag, NONE, SlotTable } from '../../src/engine/slot-table.js';
import { TOKEN_WORDS } from '../../src/engine/token.js';
import { hashToken, TokenIndex } from '../../src/engine/token-index.js';

const tokenOf = (number: number) => Uint32Array.from([number, number * 7, 1, 0]);

it('finds what a Map finds, through additions, removals and growth', () => {
  const act = fc.tuple(fc.boolean(), fc.nat({ max: 3000 }));
  fc.assert(
    fc.property(fc.array(act, { maxLength: 6000, size: 'max' }), (acts) => {
      const slots = new SlotTable();
      const index = new TokenIndex(slots, () => {});
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

it.each([
  ['the top bits of each word', (i: number) => [i << 27, (i >> 5) << 27, (i >> 10) << 27, (i >> 15) << 27]],
  ['the low bits of each word', (i: number) => [i & 31, (i >> 5) & 31, (i >> 10) & 31, i >> 15]],
  ['the first word', (i: number) => [i, 0, 0, 0]],
  ['the last word', (i: number) => [0, 0, 0, i << 12]],
])('spreads tokens that differ only in %s as well as random ones', (_, token) => {
  const places = 2 ** 17;
  const key = Uint32Array.from([0x9e3779b1, 0x85ebca6b, 0xc2b2ae35, 0x27d4eb2f]);
  const taken = new Set<number>();
  for (let i = 0; i < places; i++) taken.add(hashToken(Uint32Array.from(token(i)), 0, key) & (places - 1));
  // As many balls as bins, thrown at random, leave 1/e of the bins empty.
  expect(taken.size / places).toBeGreaterThan((1 - 1 / Math.E) * 0.95);
});
