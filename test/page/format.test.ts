import { describe, expect, it } from 'vitest';
import { bytes } from '../../page/format/bytes.js';
import { count, counted, rate, shortCount } from '../../page/format/count.js';
import { countdown, duration } from '../../page/format/duration.js';

describe('the figures on the page', () => {
  it.each([
    [0, '0 ms'],
    [0.4, '0.4 ms'],
    [3.14, '3.1 ms'],
    [9.96, '10 ms'],
    [250, '250 ms'],
    [999, '999 ms'],
    [1000, '1.0 s'],
    [59_400, '59 s'],
    [59_600, '59 s'],
    [60_000, '1 min'],
    [200_000, '3 min 20 s'],
    [7_500_000, '2 h 5 min'],
    [273_600_000, '3 d 4 h'],
  ])('a length of %d ms is %s', (ms, text) => expect(duration(ms)).toBe(text));

  it.each([
    [-5, '0:00'],
    [1, '0:01'],
    [6800, '0:07'],
    [750_000, '12:30'],
    [7_500_000, '2:05:00'],
    [86_400_000, '1 d'],
    [273_600_000, '3 d 4 h'],
  ])('%d ms left is %s', (ms, text) => expect(countdown(ms)).toBe(text));

  it.each([
    [0, '0 B'],
    [812, '812 B'],
    [1000, '1.0 KB'],
    [1536, '1.5 KB'],
    [10_188, '9.9 KB'],
    [10_240, '10 KB'],
    [24_117_248, '23 MB'],
    [2 ** 50, '1024 TB'],
  ])('%d bytes are %s', (size, text) => expect(bytes(size)).toBe(text));

  it('counts and rates', () => {
    expect([count(1_234_567), shortCount(9999), shortCount(12_345)]).toEqual(['1,234,567', '9,999', '12.3k']);
    expect([rate(0), rate(0.417), rate(12.4), rate(1204.4)]).toEqual(['0', '0.42', '12', '1,204']);
    expect([counted(1, 'session'), counted(0, 'session')]).toEqual(['1 session', '0 sessions']);
  });
});
