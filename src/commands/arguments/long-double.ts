import type { Slice } from '../../slice.js';

/**
 * The 80-bit floating-point numbers that Redis on x86-64 uses for INCRBYFLOAT: 64 bits of mantissa, rounded to nearest,
 * ties to even. Doubles have too few bits: `0.1 + 0.2` is `0.3` in Redis.
 *
 * A number is `mantissa * 2 ** exponent`. Infinities have an infinite exponent. Zero has no sign, because a negative
 * zero is never printed.
 */
export interface LongDouble {
  /** From -2^64 to 2^64. */
  readonly mantissa: bigint;
  readonly exponent: number;
}

/** The length of the longest text that may be a number, in bytes. Redis rejects any longer text. */
export const MAX_FLOAT_LENGTH = 5 * 1024 - 1;
const MANTISSA_BITS = 64;
/** The exponent of the smallest positive number. */
const MIN_EXPONENT = -16445;
/** Numbers from `2 ** OVERFLOW` on are infinite. */
const OVERFLOW = 16384;
/** Numbers above `10 ** FAR` are infinite and numbers below `10 ** -FAR` are 0, so they need not be computed. */
const FAR = 5000;
/** The most digits printed after the decimal point. */
const PLACES = 17;

const DECIMAL = /^([+-]?)(?:([0-9]+)\.?([0-9]*)|\.([0-9]+))(?:e([+-]?[0-9]+))?$/i;
const HEXADECIMAL = /^([+-]?)0x(?:([0-9a-f]+)\.?([0-9a-f]*)|\.([0-9a-f]+))(?:p([+-]?[0-9]+))?$/i;
const INFINITE = /^([+-]?)inf(?:inity)?$/i;

/**
 * Parses a decimal or hexadecimal number as C's `strtold` does. Returns undefined if the text is not a number, or if
 * the number is NaN, too large or too close to 0 for the format. A text may also say infinity: see `isInfinite`.
 */
export function parseLongDouble(text: Slice): LongDouble | undefined {
  if (text.length > MAX_FLOAT_LENGTH) return undefined;
  const spelled = text.latin1();
  const decimal = DECIMAL.exec(spelled);
  if (decimal !== null) return parseDecimal(decimal);
  const hexadecimal = HEXADECIMAL.exec(spelled);
  if (hexadecimal !== null) return parseHexadecimal(hexadecimal);
  const infinite = INFINITE.exec(spelled);
  return infinite === null ? undefined : { mantissa: infinite[1] === '-' ? -1n : 1n, exponent: Infinity };
}

export function isInfinite(number: LongDouble): boolean {
  return number.exponent === Infinity;
}

/**
 * Returns the sum as Redis writes it: in decimal without an exponent, with up to 17 digits after the point. Undefined
 * if it is infinite or NaN.
 */
export function addLongDouble(one: LongDouble, other: LongDouble): string | undefined {
  if (isInfinite(one) || isInfinite(other)) return undefined;
  const exponent = Math.min(one.exponent, other.exponent);
  const exact =
    (one.mantissa << BigInt(one.exponent - exponent)) + (other.mantissa << BigInt(other.exponent - exponent));
  const sum = round(exact, 1n, exponent);
  return isInfinite(sum) ? undefined : print(sum);
}

function parseDecimal([, sign, whole = '', fraction = '', only = '', power = '0']: RegExpExecArray) {
  const afterPoint = fraction + only;
  const digits = (whole + afterPoint).replace(/^0+/, '');
  if (digits === '') return ZERO;
  const exponent = Number(power) - afterPoint.length;
  if (Math.abs(exponent + digits.length) > FAR) return undefined;
  const value = BigInt(sign + digits);
  const scale = 10n ** BigInt(Math.abs(exponent));
  return withinRange(exponent < 0 ? round(value, scale, 0) : round(value * scale, 1n, 0));
}

function parseHexadecimal([, sign, whole = '', fraction = '', only = '', power = '0']: RegExpExecArray) {
  const afterPoint = fraction + only;
  const digits = (whole + afterPoint).replace(/^0+/, '');
  if (digits === '') return ZERO;
  const exponent = Number(power) - 4 * afterPoint.length;
  if (Math.abs(exponent + 4 * digits.length) > 4 * FAR) return undefined;
  const value = BigInt(`0x${digits}`);
  return withinRange(round(sign === '-' ? -value : value, 1n, exponent));
}

const ZERO: LongDouble = { mantissa: 0n, exponent: 0 };

/** Returns undefined if rounding has made a number infinite or 0. */
function withinRange(number: LongDouble): LongDouble | undefined {
  return isInfinite(number) || number.mantissa === 0n ? undefined : number;
}

/** Returns the number closest to `numerator / denominator * 2 ** exponent`; of two equally close ones, the even one. */
function round(numerator: bigint, denominator: bigint, exponent: number): LongDouble {
  if (numerator === 0n) return ZERO;
  // The number of bits before the point in the unrounded quotient. Rounding may add one.
  const most = bitLength(numerator) - bitLength(denominator) + 1;
  const bits = isLess(numerator, denominator, most - 1) ? most - 1 : most;
  const shift = Math.max(bits - MANTISSA_BITS, MIN_EXPONENT - exponent);
  const rounded = divide(numerator, denominator, shift);
  const power = exponent + shift;
  if (power + bitLength(rounded) > OVERFLOW) return { mantissa: rounded < 0n ? -1n : 1n, exponent: Infinity };
  return { mantissa: rounded, exponent: power };
}

/** Returns whether the absolute value of `numerator / denominator` is less than `2 ** power`. */
function isLess(numerator: bigint, denominator: bigint, power: number): boolean {
  const magnitude = numerator < 0n ? -numerator : numerator;
  return power < 0 ? magnitude << BigInt(-power) < denominator : magnitude < denominator << BigInt(power);
}

/** Returns `numerator / (denominator * 2 ** shift)`, rounded to nearest, ties to even. */
function divide(numerator: bigint, denominator: bigint, shift: number): bigint {
  const dividend = shift < 0 ? numerator << BigInt(-shift) : numerator;
  const divisor = shift > 0 ? denominator << BigInt(shift) : denominator;
  const quotient = dividend / divisor;
  const remainder = dividend % divisor;
  const twice = 2n * (remainder < 0n ? -remainder : remainder);
  if (twice < divisor || (twice === divisor && quotient % 2n === 0n)) return quotient;
  return dividend < 0n ? quotient - 1n : quotient + 1n;
}

/** Returns the number of bits of the absolute value. */
function bitLength(value: bigint): number {
  const digits = (value < 0n ? -value : value).toString(16);
  return 4 * digits.length - LEADING_ZEROS[Number.parseInt(digits[0], 16)];
}

/** The leading zero bits of each hexadecimal digit. */
const LEADING_ZEROS = [4, 3, 2, 2, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0];

function print({ mantissa, exponent }: LongDouble): string {
  const scaled = mantissa * 10n ** BigInt(PLACES);
  const rounded = exponent < 0 ? divide(scaled, 1n, -exponent) : scaled << BigInt(exponent);
  if (rounded === 0n) return '0';
  const digits = (rounded < 0n ? -rounded : rounded).toString().padStart(PLACES + 1, '0');
  const fraction = digits.slice(-PLACES).replace(/0+$/, '');
  const sign = rounded < 0n ? '-' : '';
  return `${sign}${digits.slice(0, -PLACES)}${fraction === '' ? '' : `.${fraction}`}`;
}
