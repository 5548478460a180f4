/** What the sessions of a measurement are like. They are numbered from 0. */
export interface Shape {
  /** Seconds. */
  readonly ttl: number;
  /** The durations are spread over 1 to `ttl` seconds, as those of sessions are that have run for a while. */
  readonly spread?: true;
  /** What starts the duration again. */
  readonly extend: 'GET' | 'SET' | 'BOTH' | 'NONE';
  /** One name for all sessions, or a different one for each. Redis keeps none. */
  readonly names: 'one' | 'each';
  readonly keys: readonly string[];
  /** Of each key's value, in bytes. */
  readonly valueLength: number;
}

/** Half an hour, as many session libraries have it. Nothing expires while it is measured. */
const TTL = 1800;

/** A session as a web shop keeps it: 4 keys of 4, 4, 4 and 8 bytes with values of 29. */
export const TYPICAL: Shape = {
  ttl: TTL,
  extend: 'GET',
  names: 'each',
  keys: ['user', 'lang', 'cart', 'csrftokn'],
  valueLength: 29,
};

/** A session that is read as a whole: 8 keys with values of 32 bytes. */
export const WHOLE: Shape = {
  ...TYPICAL,
  keys: [...TYPICAL.keys, 'role', 'city', 'seen', 'referrer'],
  valueLength: 32,
};

/** A session as middleware keeps it under a plain key: one value, of a user and a few settings as JSON. */
export const PLAIN: Shape = { ...TYPICAL, extend: 'NONE', keys: [], valueLength: 200 };

/** The session that grows, whose keys are added one by one. */
export const GROWING: Shape = { ...TYPICAL, extend: 'BOTH', keys: [keyName(0)] };

/** The key that is read and written: neither the first nor the last, so that a server has to look for it. */
export function keyInUse({ keys }: Shape): string {
  return keys[Math.floor(keys.length / 2)];
}

export function valueIn({ valueLength }: Shape): string {
  return 'v'.repeat(valueLength);
}

/** The keys of a session and their values, in turn. */
export function dataOf(shape: Shape): string[] {
  return shape.keys.flatMap((key) => [key, valueIn(shape)]);
}

/** A key of the growing session. */
export function keyName(key: number): string {
  return `key:${key}`;
}

/** The golden ratio's fraction: its multiples modulo 1 are spread evenly, however many they are. */
const SPREAD = (Math.sqrt(5) - 1) / 2;

/** The duration of a session, in seconds. */
export function ttlOf({ ttl, spread }: Shape, session: number): number {
  return spread ? 1 + Math.floor(((session * SPREAD) % 1) * ttl) : ttl;
}
