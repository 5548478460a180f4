import { Slice } from '../../slice.js';

/** The longest text that `parseScore` reads digit by digit: integers of this many digits are exact in a double. */
const SAFE_DIGITS = 15;

/**
 * Returns a score as it is stored: the shortest text from which `parseScore` reads the same number. A negative zero
 * becomes 0, as in Redis' small sorted sets.
 * @param score Any number but NaN.
 */
export function scoreText(score: number): Slice {
  return Slice.of(score === Infinity ? 'inf' : score === -Infinity ? '-inf' : String(score));
}

/** Returns a stored score. Returns NaN if the text, which may come from a file, is not a number. */
export function parseScore({ bytes, start, end }: Slice): number {
  const isNegative = bytes[start] === MINUS;
  const first = isNegative ? start + 1 : start;
  // Most scores are integers. Making a string of each would take longer than all the rest.
  if (end - first <= SAFE_DIGITS && end > first) {
    let sum = 0;
    let at = first;
    for (; at < end; at++) {
      const digit = bytes[at] - ZERO;
      if (digit < 0 || digit > 9) break;
      sum = sum * 10 + digit;
    }
    if (at === end) return isNegative && sum > 0 ? -sum : sum;
  }
  const text = bytes.toString('latin1', start, Math.min(end, start + MAX_LENGTH));
  if (text === 'inf') return Infinity;
  if (text === '-inf') return -Infinity;
  return /^-?[0-9]/.test(text) && end - start < MAX_LENGTH ? Number(text) : NaN;
}

const MINUS = 0x2d;
const ZERO = 0x30;
/** Longer than any stored score. */
const MAX_LENGTH = 32;
