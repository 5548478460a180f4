import { expect, it } from 'vitest';
import { parseInt64 } from '../../src/engine/int64.js';

it.each([
  ['0', 0n],
  ['-1', -1n],
  ['9223372036854775807', 2n ** 63n - 1n],
  ['-9223372036854775808', -(2n ** 63n)],
])('reads %s', (text, value) => {
  expect(parseInt64(Buffer.from(text))).toBe(value);
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
  expect(parseInt64(Buffer.from(text))).toBeUndefined();
});
