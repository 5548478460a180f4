import fc from 'fast-check';
import { expect, it } from 'vitest';
import { PackedFieldStore } from '../../../src/engine/fields/packed-field-store.js';
import { parseScore, scoreText } from '../../../src/engine/fields/scores.js';
import { Slice } from '../../../src/slice.js';

const slice = (text: string) => Slice.of(Buffer.from(text, 'latin1'));
const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** Members that differ early, late, and only in length; some are longer than what is compared in a loop. */
const memberOf = (number: number) =>
  [`m${number}`, `${'\xff'.repeat(50)}${number}`, '\0'.repeat(number % 90), `m${number % 7}\xe9`][number % 4];
const score = fc.oneof(fc.constantFrom(0, 1, 2, -1, 0.5, Infinity, -Infinity, 1e300), fc.double({ noNaN: true }));

const operation = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      act: fc.constant('set' as const),
      first: fc.nat({ max: 2000 }),
      count: fc.integer({ min: 1, max: 150 }),
      step: fc.constantFrom(1, -1, 17),
      score,
      rise: fc.constantFrom(0, 0, 1, -1, 0.25),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      act: fc.constant('delete' as const),
      first: fc.nat({ max: 2000 }),
      count: fc.integer({ min: 1, max: 300 }),
    }),
  },
  fc.record({ act: fc.constant('copy' as const) }),
  fc.record({ act: fc.constant('reclaim' as const) }),
  fc.record({ act: fc.constant('clear' as const) }),
);

it('keeps the members of a sorted set in order, as a sorted array does', () => {
  fc.assert(
    fc.property(
      fc.array(operation, { maxLength: 30 }),
      fc.array(score, { minLength: 3, maxLength: 3 }),
      (acts, looks) => {
        const store = new PackedFieldStore();
        let slot = 0;
        const model = new Map<string, number>();
        for (const act of acts) {
          if (act.act === 'set') {
            for (let i = 0; i < act.count; i++) {
              const member = memberOf(Math.abs(act.first + i * act.step));
              const to = Number.isFinite(act.score) ? act.score + i * act.rise : act.score;
              store.set(slot, slice(member), scoreText(to));
              if (store.encoding(slot) === 'hashed') expect(store.keepOrder(slot)).toBe(true);
              model.set(member, to);
            }
          } else if (act.act === 'delete') {
            for (let i = 0; i < act.count; i++) {
              const member = memberOf(act.first + i);
              expect(store.delete(slot, slice(member))).toBe(model.delete(member));
            }
          } else if (act.act === 'copy') {
            store.copy(slot, 1 - slot);
            store.clear(slot);
            slot = 1 - slot;
          } else if (act.act === 'reclaim') {
            store.reclaim();
          } else {
            store.clear(slot);
            model.clear();
          }
          check(store, slot, model, looks);
        }
        store.clear(slot);
        while (store.reclaim());
        expect(store.memory).toBe(new PackedFieldStore().memory + store.shapes().memory);
      },
    ),
    { numRuns: 30 },
  );
});

function check(store: PackedFieldStore, slot: number, model: ReadonlyMap<string, number>, looks: readonly number[]) {
  const sorted = [...model].sort(([a, one], [b, other]) => (one === other ? compare(a, b) : one - other));
  const order = store.orderOf(slot);
  expect(order.count).toBe(sorted.length);
  const found: [string, number][] = [];
  order.visit(0, sorted.length, 1, (member, at) => found.push([member.latin1(), at]));
  // A stored zero has no sign.
  expect(found).toEqual(sorted.map(([member, at]) => [member, at === 0 ? 0 : at]));
  const from = Math.floor(sorted.length / 3);
  const back: string[] = [];
  if (sorted.length > 0) order.visit(sorted.length - 1 - from, sorted.length - from, -1, (m) => back.push(m.latin1()));
  expect(back).toEqual(
    sorted
      .slice(0, sorted.length - from)
      .map(([member]) => member)
      .reverse(),
  );
  for (const place of [0, from, sorted.length - 1]) {
    if (place in sorted) expect(order.rankOf(slice(sorted[place][0]))).toBe(place);
  }
  expect(order.rankOf(slice('missing'))).toBe(-1);
  for (const look of [...looks, ...sorted.slice(from, from + 2).map(([, at]) => at)]) {
    expect(order.countBelow(look, false)).toBe(sorted.filter(([, at]) => at < look).length);
    expect(order.countBelow(look, true)).toBe(sorted.filter(([, at]) => at <= look).length);
  }
}

it('finds members by their bytes if all have one score', () => {
  for (const count of [40, 3000]) {
    const store = new PackedFieldStore();
    const members = Array.from({ length: count }, (_, i) => `${(i * 7919) % count}`).sort(compare);
    for (const member of members) store.set(0, slice(member), scoreText(5));
    const order = store.orderOf(0);
    for (const look of ['', '1', '2\xff', '999', members[count >> 1], '~']) {
      expect(order.countBefore(slice(look), false)).toBe(members.filter((member) => member < look).length);
      expect(order.countBefore(slice(look), true)).toBe(members.filter((member) => member <= look).length);
    }
  }
});

it('counts the memory of the order, and frees it a little at a time', () => {
  const store = new PackedFieldStore();
  for (let i = 0; i < 20_000; i++) store.set(0, slice(`m${i}`), scoreText(i % 100));
  const plain = store.memoryOf(0);
  expect(store.memory).toBeGreaterThanOrEqual(plain);
  expect(store.keepOrder(0)).toBe(true);
  const taken = store.memoryOf(0) - plain;
  expect(taken / 20_000).toBeGreaterThan(12);
  expect(taken / 20_000).toBeLessThan(30);
  store.clear(0);
  let steps = 0;
  while (store.reclaim()) steps++;
  expect(steps).toBeGreaterThan(100);
  expect(store.memory).toBe(0);
});

it('does not keep values that are not scores in order', () => {
  for (const count of [3, 100]) {
    const store = new PackedFieldStore();
    for (let i = 0; i < count; i++) store.set(0, slice(`m${i}`), slice(i === 2 ? '1x' : `${i}`));
    expect(store.keepOrder(0)).toBe(false);
    store.set(0, slice('m2'), slice('-2.5e-3'));
    expect(store.keepOrder(0)).toBe(true);
    expect(store.orderOf(0).rankOf(slice('m2'))).toBe(0);
  }
});

it('reads the same score that was stored', () => {
  fc.assert(
    fc.property(fc.oneof(score, fc.integer(), fc.maxSafeInteger()), (number) => {
      expect(parseScore(scoreText(number)) === number).toBe(true);
    }),
  );
  for (const text of ['', '-', 'x', '1x', 'NaN', 'nan', ' 1', '0'.repeat(40)]) {
    expect(parseScore(slice(text)), text).toBeNaN();
  }
});
