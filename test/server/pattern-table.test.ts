import fc from 'fast-check';
import { expect, it } from 'vitest';
import { PatternTable } from '../../src/server/pattern-table.js';

it('finds every pattern that matches a channel, whatever was added and removed', () => {
  const letters = fc.constantFrom('a', 'a', 'b');
  const beginning = fc.constantFrom('', 'a'.repeat(63), 'a'.repeat(64), 'a'.repeat(65));
  const text = fc.tuple(beginning, fc.string({ unit: letters, maxLength: 6 })).map((parts) => parts.join(''));
  const pattern = fc
    .tuple(beginning, fc.string({ unit: fc.oneof(letters, fc.constantFrom('*', '?', '[ab]', '\\')), maxLength: 6 }))
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(fc.uniqueArray(pattern), fc.array(fc.nat()), fc.array(text), (added, removed, channels) => {
      const table = new PatternTable();
      const patterns = new Set(added.map((one) => table.add(one)));
      for (const index of removed) {
        const gone = [...patterns][index];
        if (gone === undefined) continue;
        table.remove(gone);
        patterns.delete(gone);
        expect(table.get(gone.text)).toBeUndefined();
      }
      expect(table.size).toBe(patterns.size);
      for (const channel of channels) {
        const near = table.near(channel).flatMap((set) => [...set]);
        expect(new Set(near.filter(({ matches }) => matches(channel)))).toEqual(
          new Set([...patterns].filter(({ matches }) => matches(channel))),
        );
        expect(new Set(near).size).toBe(near.length);
      }
    }),
  );
});

it('does not try patterns with a different prefix', () => {
  const table = new PatternTable();
  for (let i = 0; i < 1000; i++) table.add(`basket:${i}:*`);
  table.add('basket:7?');
  table.add('*');
  const near = table.near('basket:7:paid').flatMap((set) => [...set]);
  expect(near.map(({ text }) => text).sort()).toEqual(['*', 'basket:7:*', 'basket:7?']);
});
