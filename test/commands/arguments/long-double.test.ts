import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addLongDouble,
  isInfinite,
  type LongDouble,
  parseLongDouble,
} from '../../../src/commands/arguments/long-double.js';
import { Slice } from '../../../src/slice.js';

const read = (text: string) => parseLongDouble(Slice.of(text));

function sum(one: string, other: string): string | undefined {
  const [first, second] = [read(one), read(other)];
  if (first === undefined || second === undefined) throw new Error('not a number');
  return addLongDouble(first, second);
}

describe('sums, as in redis-server 7.0', () => {
  it.each([
    ['0.1', '0.2', '0.3'],
    ['10.50', '0.1', '10.6'],
    ['5.0e3', '2.0e2', '5200'],
    ['3.0', '1.000000000000000005', '4.00000000000000001'],
    ['0', '1e-17', '0.00000000000000001'],
    ['0', '0.5e-17', '0'],
    ['-0', '-0.0', '0'],
    ['0', '-1e-30', '0'],
    ['1', '-1.1', '-0.1'],
    ['9223372036854775807', '1', '9223372036854775808'],
    ['18446744073709551615', '1', '18446744073709551616'],
    ['18446744073709551616', '1', '18446744073709551616'],
    ['18446744073709551618', '1', '18446744073709551620'],
    ['0x10', '0X1.8p-1', '16.75'],
    ['.5', '+5.', '5.5'],
    ['0', '0e99999999999', '0'],
    ['0', '3e-4951', '0'],
    ['1e22', '0', '10000000000000000000000'],
    ['1e30', '0', '1000000000000000000024696061952'],
  ])('%s + %s = %s', (one, other, result) => {
    expect(sum(one, other)).toBe(result);
  });

  it.each([
    ['1e4932', '1e4932'],
    ['-1e4932', '-1e4932'],
    ['1', 'inf'],
    ['-infinity', '1'],
    ['+INF', '-inf'],
  ])('%s + %s cannot be stored', (one, other) => {
    expect(sum(one, other)).toBeUndefined();
  });
});

describe('parseLongDouble', () => {
  it.each([
    '',
    ' 1',
    '1 ',
    '\t1',
    '1\0',
    'one',
    '.',
    '-',
    '+-1',
    '1e',
    '1e+',
    '1,5',
    '1_0',
    '0x',
    '0x.',
    '0x1p',
    '0b1',
    'nan',
    '-NaN',
    'nan(1)',
    'infinit',
    '１',
    '1.19e4932',
    '1e99999999999999',
    '0x1p16384',
    '1e-4951',
    '-1e-99999999999999',
    '0x1p-16446',
    '1'.repeat(5120),
  ])('rejects %j', (text) => {
    expect(read(text)).toBeUndefined();
  });

  it('reads numbers just within the limits', () => {
    for (const text of ['1.18e4932', '0x1p16383', '2e-4951', '0x1.00001p-16446', `0.${'1'.repeat(5117)}`]) {
      expect(read(text), text).toMatchObject({ exponent: expect.any(Number) });
    }
  });

  it('distinguishes infinities from numbers', () => {
    for (const text of ['inf', '-Inf', '+infinity']) expect(isInfinite(read(text) as LongDouble)).toBe(true);
    expect(isInfinite(read('1e4000') as LongDouble)).toBe(false);
  });

  it('rejects megabytes without reading them', () => {
    const text = Slice.of('1'.repeat(2 ** 26));
    const msOf = (work: () => void) => {
      const began = performance.now();
      work();
      return performance.now() - began;
    };
    // The time that this machine takes to search the text ten times. A busy machine may need several attempts.
    const enough = 10 * msOf(() => text.bytes.indexOf(0));
    while (
      msOf(() => {
        for (let i = 0; i < 1000; i++) parseLongDouble(text);
      }) > enough
    );
  });

  it('returns the closest 64-bit number, or the even one of two', () => {
    fc.assert(
      fc.property(digits, fc.integer({ min: -4900, max: 4870 }), (number, exponent) => {
        const { mantissa, exponent: power } = read(`${number}e${exponent}`) as LongDouble;
        // Both as integers in units of half the last place, multiplied by whatever makes them integers.
        const scale = 10n ** BigInt(Math.max(0, -exponent));
        const shift = BigInt(Math.max(0, 1 - power));
        const given = (number * 10n ** BigInt(Math.max(0, exponent))) << shift;
        const half = scale << (shift + BigInt(power - 1));
        const off = magnitude(2n * mantissa * half - given);
        expect(off <= half).toBe(true);
        expect(magnitude(mantissa) >= 2n ** 63n && magnitude(mantissa) <= 2n ** 64n).toBe(true);
        if (off === half) expect(mantissa % 2n).toBe(0n);
      }),
    );
  });

  it('reads numbers of 64 bits exactly', () => {
    fc.assert(
      fc.property(mantissas, fc.integer({ min: 1, max: 300 }), (mantissa, places) => {
        const { mantissa: read64, exponent } = read(decimal(mantissa, places)) as LongDouble;
        expect(read64 << BigInt(exponent + places + 64)).toBe(mantissa << 64n);
      }),
    );
  });

  it('rounds halfway numbers to even', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 2n ** 63n, max: 2n ** 64n - 1n }),
        fc.integer({ min: 1, max: 200 }),
        (low, places) => {
          const { mantissa, exponent } = read(decimal(2n * low + 1n, places)) as LongDouble;
          expect(exponent).toBe(1 - places);
          expect(mantissa).toBe(low % 2n === 0n ? low : low + 1n);
        },
      ),
    );
  });
});

describe('addLongDouble', () => {
  it('is exact if 64 bits suffice', () => {
    fc.assert(
      fc.property(int62, int62, fc.integer({ min: 0, max: 17 }), (one, other, places) => {
        expect(sum(decimal(one, places), decimal(other, places))).toBe(decimal(one + other, places));
      }),
    );
  });

  it('returns all digits of 64-bit integers', () => {
    fc.assert(
      fc.property(int62, int62, (one, other) => {
        expect(sum(String(one), String(other))).toBe(String(one + other));
      }),
    );
  });

  it('does not depend on the order', () => {
    fc.assert(
      fc.property(digits, digits, fc.integer({ min: -40, max: 40 }), (one, other, exponent) => {
        expect(sum(`${one}e${exponent}`, String(other))).toBe(sum(String(other), `${one}e${exponent}`));
      }),
    );
  });
});

const magnitude = (value: bigint) => (value < 0n ? -value : value);
const digits = fc.bigInt({ min: -(10n ** 60n), max: 10n ** 60n }).filter((number) => number !== 0n);
const mantissas = fc.bigInt({ min: -(2n ** 64n) + 1n, max: 2n ** 64n - 1n }).filter((number) => number !== 0n);
const int62 = fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n });

/** Returns `number / 2 ** places` without trailing zeros. */
function decimal(number: bigint, places: number): string {
  const text = (magnitude(number) * 5n ** BigInt(places)).toString().padStart(places + 1, '0');
  const point = text.length - places;
  const fraction = text.slice(point).replace(/0+$/, '');
  return `${number < 0n ? '-' : ''}${text.slice(0, point)}${fraction === '' ? '' : `.${fraction}`}`;
}
