import { CodedError } from '../../errors.js';
import type { ReplyEncoder } from '../../resp/reply-encoder.js';
import { Slice } from '../../slice.js';
import { parseLongDouble } from './long-double.js';

// How scores are written in requests and replies.

// Text may be very long. Each part ends where the next one begins, so matching takes linear time.
const DECIMAL = /^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:e[+-]?[0-9]+)?$/i;
const INFINITE = /^[+-]?inf(?:inity)?$/i;

/** Reads a score as Redis does. @throws CodedError with the message `error` if it is not one. */
export function readScore(text: Slice, error = 'value is not a valid float'): number {
  const score = parseNumber(text.latin1());
  // C's `strtod` reports an error for a number that is too large or too close to 0.
  if (score === undefined || score.isOutOfRange) throw new CodedError('ERR', error);
  return score.number;
}

/** One end of a range of scores. */
export interface ScoreBound {
  readonly score: number;
  readonly isExclusive: boolean;
}

/** Reads one end of a range: a score, or `(` and a score that is not included. Returns undefined if it is none. */
export function parseScoreBound(text: Slice): ScoreBound | undefined {
  const spelled = text.latin1();
  const isExclusive = spelled.startsWith('(');
  const given = (isExclusive ? spelled.slice(1) : spelled).replace(/\0.*$/s, '');
  // As C's `strtod`, which reads nothing as 0, and skips white space before a number.
  const bound = given === '' ? { number: 0 } : parseNumber(given.replace(/^[ \t\n\v\f\r]+/, ''));
  return bound && { score: bound.number, isExclusive };
}

/**
 * Parses a number as C's `strtod` does. Undefined if the text is none. What is too large is infinite, and what is too
 * close to 0 is 0.
 */
function parseNumber(text: string): { readonly number: number; readonly isOutOfRange: boolean } | undefined {
  if (INFINITE.test(text)) return { number: text.startsWith('-') ? -Infinity : Infinity, isOutOfRange: false };
  if (DECIMAL.test(text)) {
    const number = Number(text);
    const isZero = /^[+-]?[0.]*(?:e|$)/i.test(text);
    return { number, isOutOfRange: Math.abs(number) === Infinity || (number === 0 && !isZero) };
  }
  return parseHexadecimal(text);
}

function parseHexadecimal(text: string) {
  if (!/^[+-]?0x/i.test(text)) return undefined;
  const parsed = parseLongDouble(Slice.of(text));
  if (parsed === undefined) return undefined;
  const { mantissa, exponent } = parsed;
  // In two steps, because 2 ** exponent alone may be out of range although the product is not.
  const half = Math.trunc(exponent / 2);
  const number = Number(mantissa) * 2 ** half * 2 ** (exponent - half);
  return { number, isOutOfRange: Math.abs(number) === Infinity || (number === 0 && mantissa !== 0n) };
}

/**
 * Returns a score as Redis 7.0 writes it, with up to 17 significant digits (`%.17g` in C). No stored score is -0, but a
 * negative weight of ZUNION makes one.
 */
export function formatScore(score: number): string {
  if (Number.isInteger(score) && Math.abs(score) < 1e17) return Object.is(score, -0) ? '-0' : String(score);
  if (Math.abs(score) === Infinity) return score > 0 ? 'inf' : '-inf';
  const [digits, power] = score.toExponential(16).split('e');
  const exponent = Number(power);
  if (exponent >= -4 && exponent < 17)
    return withoutZeros(exponent < 0 ? fixed(digits, exponent) : score.toPrecision(17));
  return `${withoutZeros(digits)}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
}

/** Writes a number below 1 without an exponent. @param digits As in `d.ddd`, with a sign if it is negative. */
function fixed(digits: string, exponent: number): string {
  const sign = digits.startsWith('-') ? '-' : '';
  return `${sign}0.${'0'.repeat(-exponent - 1)}${digits.replace(/[-.]/g, '')}`;
}

function withoutZeros(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

/** Writes a score: a double in RESP3. */
export function writeScore(reply: ReplyEncoder, score: number): void {
  reply.number(formatScore(score));
}

/** Writes a member's score, or null for undefined. */
export function writeScoreOrNull(reply: ReplyEncoder, score: number | undefined): void {
  if (score === undefined) reply.null();
  else writeScore(reply, score);
}
