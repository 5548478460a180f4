import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Flag, NONE, SlotTable } from '../../../src/engine/tables/slot-table.js';
import { TOKEN_WORDS } from '../../../src/engine/tokens/token.js';
import { hashToken, TokenIndex } from '../../../src/engine/tokens/token-index.js';

const tokenOf = (number: number) => Uint32Array.from([number, number * 7, 1, 0]);

/** Like `expect(actual).toBe(expected)`, which would take most of the time in a long loop. */
function same(actual: unknown, expected: unknown): void {
  if (actual !== expected) expect(actual).toBe(expected);
}

it('finds what a Map finds, through additions, removals and growth', () => {
  const act = fc.tuple(fc.boolean(), fc.nat({ max: 3000 }));
  fc.assert(
    fc.property(fc.array(act, { maxLength: 6000, size: 'max' }), (acts) => {
      const slots = new SlotTable();
      const index = new TokenIndex(slots, { derive: () => {}, candidates: () => [] });
      const model = new Map<number, number>();
      for (const [add, number] of acts) {
        const slot = model.get(number);
        same(index.find(tokenOf(number)), slot ?? NONE);
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
        same(index.size, model.size);
      }
      expect([...model].filter(([number, slot]) => index.find(tokenOf(number)) !== slot)).toEqual([]);
    }),
    { numRuns: 30 },
  );
});

it('finds what a Map finds when tokens are derived on demand, or belong to another session', () => {
  const kind = fc.constantFrom('add', 'tokenless', 'tokenless', 'give', 'find', 'findGiven', 'remove', 'remove');
  const acts = fc.array(fc.tuple(kind, fc.nat({ max: 2000 })), { maxLength: 6000, size: 'max' });
  fc.assert(
    fc.property(acts, (sequence) => {
      const slots = new SlotTable();
      /** What is derived for each slot. */
      const numbers = new Map<number, number>();
      const index = new TokenIndex(slots, {
        derive: (slot, words) => words.set(tokenOf(numbers.get(slot) ?? NONE)),
        // The slot that the token is derived for, and others.
        candidates: ([number]) =>
          [number - 1, number, number + 1].flatMap((one) => tokenless.get(one) ?? given.get(one) ?? []),
      });
      const given = new Map<number, number>();
      const tokenless = new Map<number, number>();
      const give = (number: number, slot: number) => {
        if (given.has(number)) return false;
        given.set(number, slot);
        tokenless.delete(number);
        return true;
      };
      const slotFor = (number: number) => {
        const slot = slots.allocate(Flag.Session);
        numbers.set(slot, number);
        return slot;
      };
      for (const [act, number] of sequence) {
        const slot = tokenless.get(number);
        if (act === 'add' && !given.has(number)) {
          const made = slotFor(number);
          slots.token.set(tokenOf(number), made * TOKEN_WORDS);
          index.add(made);
          given.set(number, made);
        } else if (act === 'tokenless' && slot === undefined) {
          const made = slotFor(number);
          index.addTokenless(made);
          tokenless.set(number, made);
        } else if (act === 'give' && slot !== undefined) {
          same(index.give(slot), give(number, slot));
        } else if (act === 'findGiven') {
          same(index.findGiven(tokenOf(number)), given.get(number) ?? NONE);
        } else if (act === 'find') {
          if (slot !== undefined) give(number, slot);
          same(index.find(tokenOf(number)), given.get(number) ?? NONE);
        } else if (act === 'remove') {
          const gone = slot ?? given.get(number);
          if (gone === undefined) continue;
          index.remove(gone);
          slots.release(gone);
          numbers.delete(gone);
          if (slot === undefined) given.delete(number);
          else tokenless.delete(number);
        }
        same(index.size, given.size);
      }
      for (const [number, slot] of given) {
        same(index.findGiven(tokenOf(number)), slot);
        same(slots.flags(slot) & Flag.Tokenless, 0);
      }
      for (const [, slot] of tokenless) expect(slots.flags(slot) & Flag.Tokenless).not.toBe(0);
      // All of them can be removed, in any order, and none is left.
      for (const slot of [...tokenless.values(), ...given.values()]) index.remove(slot);
      expect(index.find(tokenOf(1))).toBe(NONE);
      expect(index.size).toBe(0);
    }),
    { numRuns: 60 },
  );
});

it('derives only the tokens of candidates, and none for a token that is entered', () => {
  const slots = new SlotTable();
  let derived = 0;
  const index = new TokenIndex(slots, {
    derive: (slot, words) => {
      derived++;
      words.set(tokenOf(slot));
    },
    candidates: ([slot]) => (slot < 5000 ? [slot] : []),
  });
  // More than the first table holds.
  const made = Array.from({ length: 5000 }, () => slots.allocate(Flag.Session));
  for (const slot of made) index.addTokenless(slot);
  expect(index.give(made[7])).toBe(true);
  expect(index.find(tokenOf(made[7]))).toBe(made[7]);
  expect(derived).toBe(1);
  expect(index.find(tokenOf(made[4999]))).toBe(made[4999]);
  expect(derived).toBe(2);
  expect(index.find(Uint32Array.from([3, 0, 0, 0]))).toBe(NONE);
  expect(derived).toBe(3);
  expect(index.find(tokenOf(5001))).toBe(NONE);
  expect(derived).toBe(3);
  for (const _ of [1, 2]) expect(made.filter((slot) => index.find(tokenOf(slot)) !== slot)).toEqual([]);
  expect(derived).toBe(5001);
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
