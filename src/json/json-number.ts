import { CodedError } from '../errors.js';
import type { JsonDocument, Node } from './json-document.js';

/** Integers of 64 bits are exact. All other numbers are doubles. */
export type JsonNumber = bigint | number;

const OVERFLOW = new CodedError('ERR', 'numeric overflow: the result must be from -2^63 to 2^63 - 1');
const NOT_FINITE = new CodedError('ERR', 'result is not a number');

/** Digits of the longest 64-bit integer, and its sign. */
const MAX_INTEGER_LENGTH = 20;

/** Returns the number that a node is. */
export function numberOf(document: JsonDocument, node: Node): JsonNumber {
  const length = document.end(node) - document.start(node);
  if (document.type(node) === 'integer' && length <= MAX_INTEGER_LENGTH) {
    const value = BigInt(document.text(node).toString('latin1'));
    if (isInt64(value)) return value;
  }
  return document.scalar(node) as number;
}

/** @throws CodedError if the sum of two integers is not a 64-bit integer, or the sum of others is not finite. */
export function sum(a: JsonNumber, b: JsonNumber): JsonNumber {
  return typeof a === 'bigint' && typeof b === 'bigint' ? int64(a + b) : finite(Number(a) + Number(b));
}

/** @throws CodedError as `sum`. */
export function product(a: JsonNumber, b: JsonNumber): JsonNumber {
  return typeof a === 'bigint' && typeof b === 'bigint' ? int64(a * b) : finite(Number(a) * Number(b));
}

/** Returns a number as JSON, as RedisJSON writes it: a double stays one, as in 2.0, 1e16 and 1.5e-6. */
export function numberText(value: JsonNumber): string {
  if (typeof value === 'bigint') return String(value);
  const scientific = value.toExponential();
  const exponent = Number(scientific.slice(scientific.indexOf('e') + 1));
  if (exponent < -5 || exponent > 15) return scientific.replace('+', '');
  const text = Object.is(value, -0) ? '-0' : String(value);
  return Number.isInteger(value) ? `${text}.0` : text;
}

function isInt64(value: bigint): boolean {
  return BigInt.asIntN(64, value) === value;
}

function int64(value: bigint): bigint {
  if (!isInt64(value)) throw OVERFLOW;
  return value;
}

function finite(value: number): number {
  if (!Number.isFinite(value)) throw NOT_FINITE;
  return value;
}
