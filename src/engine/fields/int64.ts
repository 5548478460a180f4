import type { Slice } from '../../slice.js';

const MIN = -(2n ** 63n);
const MAX = 2n ** 63n - 1n;
/** As Redis parses integers: no plus sign, no spaces, no leading zeros, no -0. */
const CANONICAL = /^(?:0|-?[1-9][0-9]{0,18})$/;

/** The length of the longest text that spells a 64-bit integer. */
export const MAX_INT64_LENGTH = 20;

/** Returns the 64-bit integer that `text` spells, or undefined if it spells anything else. */
export function parseInt64(text: Slice): bigint | undefined {
  if (text.length > MAX_INT64_LENGTH) return undefined;
  const digits = text.latin1();
  return CANONICAL.test(digits) ? withinInt64(BigInt(digits)) : undefined;
}

/**
 * Returns the 64-bit integer that `text` spells, as a double that is exact up to 2^53, or NaN if `text` spells anything
 * else. Short numbers without a sign, the usual case, are parsed without making a string.
 */
export function parseInteger(text: Slice): number {
  const { bytes, start, end } = text;
  const length = end - start;
  if (length === 0 || length > FEW_DIGITS || (bytes[start] === ZERO && length > 1)) return Number(parseInt64(text));
  let number = 0;
  for (let at = start; at < end; at++) {
    const digit = bytes[at] - ZERO;
    if (digit < 0 || digit > 9) return Number(parseInt64(text));
    number = number * 10 + digit;
  }
  return number;
}

const ZERO = 0x30;
const FEW_DIGITS = 15;

/** Returns `value`, or undefined if it needs more than 64 bits. */
export function withinInt64(value: bigint): bigint | undefined {
  return value >= MIN && value <= MAX ? value : undefined;
}
