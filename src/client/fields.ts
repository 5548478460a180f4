import { checkBytes, kindOf } from '../argument-checks.js';
import type { Bytes } from './connection.js';

/** A value. Numbers are stored as decimal text and returned as text. */
export type Value = Bytes | number | bigint;

/** Keys and values: an object, or a Map if keys are binary or their order matters. */
export type Fields = Readonly<Record<string, Value>> | ReadonlyMap<Bytes, Value>;

/**
 * Returns keys and values alternately, as commands expect them.
 * @throws TypeError if `fields` is neither an object nor a Map, or has an invalid key or value.
 */
export function flatten(fields: Fields): Bytes[] {
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) {
    throw new TypeError(`keys and values must be an object or a Map, not ${kindOf(fields)}`);
  }
  const entries: Iterable<[Bytes, Value]> = fields instanceof Map ? fields : Object.entries(fields);
  const flat: Bytes[] = [];
  for (const [key, value] of entries) {
    checkBytes('a key', key);
    flat.push(key, bytesOf(value, typeof key === 'string' ? `the value of ${JSON.stringify(key)}` : 'a value'));
  }
  return flat;
}

/**
 * Returns a value in the form in which it is sent.
 * @throws TypeError if it is not a valid value.
 */
export function bytesOf(value: Value, what = 'a value'): Bytes {
  if (typeof value === 'string' || Buffer.isBuffer(value)) return value;
  if (typeof value === 'bigint' || Number.isFinite(value)) return String(value);
  throw new TypeError(
    `${what} must be a string, a number or a Buffer, not ${kindOf(value)}: convert other values to text, for example with JSON.stringify`,
  );
}
