import { checkBytes, kindOf } from './argument-checks.js';
import type { Bytes } from './connection.js';

/** What a value may be. Numbers are written as decimal text, and come back as text. */
export type Value = Bytes | number | bigint;

/** Keys and values: an object, or a Map where keys are not text or their order counts. */
export type Fields = Readonly<Record<string, Value>> | ReadonlyMap<Bytes, Value>;

/**
 * Keys and values in turn, as commands take them.
 * @throws TypeError if that is none, or a key or a value is none.
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

/** A value as bytes. @throws TypeError if it is none. */
export function bytesOf(value: Value, what = 'a value'): Bytes {
  if (typeof value === 'string' || Buffer.isBuffer(value)) return value;
  if (typeof value === 'bigint' || Number.isFinite(value)) return String(value);
  throw new TypeError(
    `${what} must be a string, a number or a Buffer, not ${kindOf(value)}: write other things as text, with JSON.stringify for instance`,
  );
}
