import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseInt64, parseInteger } from '../../../src/engine/fields/int64.js';
import { Slice } from '../../../src/slice.js';

it.each([
  ['0', 0n],
  ['-1', -1n],
  ['9223372036854775807', 2n ** 63n - 1n],
  ['-9223372036854775808', -(2n ** 63n)],
])('parses %s', (text, value) => {
  expect(parseInt64(Slice.of(text))).toBe(value);
});

it.each([
  '',
  '-',
  '+1',
  ' 1',
  '1 ',
  '01',
  '-0',
  '1.0',
  '1e3',
  '0x1',
  '9223372036854775808',
  '-9223372036854775809',
  '1'.repeat(1000),
  '１',
])('refuses %j', (text) => {
  expect(parseInt64(Slice.of(text))).toBeUndefined();
});

it('parses as a double what it parses as an integer, and nothing else', () => {
  const texts = fc.oneof(
    fc.bigInt({ min: -(2n ** 65n), max: 2n ** 65n }).map(String),
    fc.integer({ min: -20, max: 20 }).map(String),
    fc.stringMatching(/^[-+0-9 ]{0,18}$/),
  );
  fc.assert(
    fc.property(texts, (text) => {
      const integer = parseInt64(Slice.of(text));
      expect(parseInteger(Slice.of(text))).toBe(integer === undefined ? Number.NaN : Number(integer));
    }),
    { numRuns: 2000 },
  );
});
