/**
 * Argument checks for plain JavaScript, which no compiler has checked. Client libraries would send an object as
 * `[object Object]` and undefined as an empty string. Errors say what to do, and never contain a token or a value.
 */

/** The longest duration and the longest maximum age, in seconds. */
export const MAX_SECONDS = 2 ** 31 - 1;

/** @throws TypeError if the value is not a string. */
export function checkText(what: string, value: unknown): void {
  if (typeof value !== 'string') throw new TypeError(`${what} must be a string, not ${kindOf(value)}`);
}

/** @throws TypeError if the value is not an array of strings. */
export function checkTexts(what: string, value: unknown): void {
  if (!Array.isArray(value)) throw new TypeError(`${what} must be an array of strings, not ${kindOf(value)}`);
  for (const item of value) checkText(`each item of ${what}`, item);
}

/** @throws TypeError if the value is neither a string nor a Buffer. */
export function checkBytes(what: string, value: unknown): void {
  if (typeof value === 'string' || Buffer.isBuffer(value)) return;
  throw new TypeError(`${what} must be a string or a Buffer, not ${kindOf(value)}`);
}

/** @throws TypeError if the value is not a function. */
export function checkFunction(what: string, value: unknown): void {
  if (typeof value !== 'function') throw new TypeError(`${what} must be a function, not ${kindOf(value)}`);
}

/** @throws TypeError if the value is not a boolean. */
export function checkFlag(what: string, value: unknown): void {
  if (typeof value !== 'boolean') throw new TypeError(`${what} must be true or false, not ${kindOf(value)}`);
}

/** @throws TypeError if the value is not a number, RangeError if it is not an integer from `min` to `max`. */
export function checkWhole(what: string, value: unknown, min: number, max: number): void {
  if (typeof value !== 'number') throw new TypeError(`${what} must be a number, not ${kindOf(value)}`);
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new RangeError(`${what} must be a whole number from ${min} to ${max}, not ${value}`);
}

/**
 * Refuses unknown options: a misspelt `ttl` would create a session that never expires.
 * @param given The options that are none of `known`.
 * @throws TypeError if there are any.
 */
export function checkNoOtherOptions(given: object, known: readonly string[]): void {
  const [unknown] = Object.keys(given);
  if (unknown === undefined) return;
  throw new TypeError(`unknown option ${JSON.stringify(unknown)}: the options are ${known.join(', ')}`);
}

export const hasMethods = (value: unknown, ...names: string[]): boolean =>
  typeof value === 'object' &&
  value !== null &&
  names.every((name) => typeof (value as Record<string, unknown>)[name] === 'function');

/**
 * @param example How a client is passed, for the error text.
 * @param methods What is needed besides commands and transactions.
 * @throws TypeError if the value is not a client of ioredis or node-redis that has all of it.
 */
export function checkClient(client: unknown, example: string, ...methods: string[]): void {
  if (hasMethods(client, 'call', 'pipeline', 'multi', ...methods)) return;
  if (hasMethods(client, 'sendCommand', 'multi', ...methods)) return;
  throw new TypeError(`client must be a client of ioredis or node-redis, as in ${example}, not ${kindOf(client)}`);
}

/** Returns what kind of value this is, in words for an error text. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object') return 'an object';
  return `a ${typeof value}`;
}
