/** What the sessions of a measurement are like. They are numbered from 0. */
export interface Shape {
  /** In seconds. */
  readonly ttl: number;
  /** Spreads the durations over 1 to `ttl` seconds, like the remaining times of sessions that have run for a while. */
  readonly spread?: true;
  /** Which operations restart the duration. */
  readonly extend: 'GET' | 'SET' | 'BOTH' | 'NONE';
  /** One name for all sessions, or a different one for each. Redis has no names. */
  readonly names: 'one' | 'each';
  readonly keys: readonly string[];
  /** The length of each key's value, in bytes. */
  readonly valueLength: number;
}

/** Half an hour, as in many session libraries. Nothing expires during a measurement. */
const TTL = 1800;

/** A typical session of a web shop: keys of 4, 4, 4 and 8 bytes with values of 29 bytes. */
export const TYPICAL: Shape = {
  ttl: TTL,
  extend: 'GET',
  names: 'each',
  keys: ['user', 'lang', 'cart', 'csrftokn'],
  valueLength: 29,
};

/** A session that is read completely: 8 keys with values of 32 bytes. */
export const WHOLE: Shape = {
  ...TYPICAL,
  keys: [...TYPICAL.keys, 'role', 'city', 'seen', 'referrer'],
  valueLength: 32,
};

/** A session as middleware stores it under a plain key: one value, with a user and a few settings as JSON. */
export const PLAIN: Shape = { ...TYPICAL, extend: 'NONE', keys: [], valueLength: 200 };

/** The session that grows: its keys are added one by one. */
export const GROWING: Shape = { ...TYPICAL, extend: 'BOTH', keys: [keyName(0)] };

/** Returns the key to read and write. It is neither the first nor the last, so a server has to search for it. */
export function keyInUse({ keys }: Shape): string {
  return keys[Math.floor(keys.length / 2)];
}

export function valueIn({ valueLength }: Shape): string {
  return 'v'.repeat(valueLength);
}

/** Returns a session's keys and values alternately. */
export function dataOf(shape: Shape): string[] {
  return shape.keys.flatMap((key) => [key, valueIn(shape)]);
}

/** Returns a key of the growing session. */
export function keyName(key: number): string {
  return `key:${key}`;
}

/** The fractional part of the golden ratio. Its multiples modulo 1 are evenly spread, for any number of them. */
const SPREAD = (Math.sqrt(5) - 1) / 2;

/** Returns the duration of a session, in seconds. */
export function ttlOf({ ttl, spread }: Shape, session: number): number {
  return spread ? 1 + Math.floor(((session * SPREAD) % 1) * ttl) : ttl;
}
