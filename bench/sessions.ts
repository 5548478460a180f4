import { randomBytes } from 'node:crypto';

/** What the sessions of a measurement are like. They are numbered from 0. */
export interface Shape {
  /** In seconds. 0: they do not expire. */
  readonly ttl: number;
  /** Spreads the durations over 1 to `ttl` seconds, like the remaining times of sessions that have run for a while. */
  readonly spread?: true;
  /**
   * When `expire` lets the sessions expire: evenly over `span` ms from `begin` on, in ms of the monotonic clock. Unix
   * time is ahead of that clock.
   */
  readonly due?: { readonly begin: number; readonly span: number; readonly unixAhead: number };
  /** Which operations restart the duration. */
  readonly extend: 'GET' | 'SET' | 'BOTH' | 'NONE';
  /** How many sessions have the same name. */
  readonly perName: number;
  /** Whether a server without names keeps a set of the sessions of each name, so that they can be found. */
  readonly indexed?: true;
  readonly keys: readonly string[];
  /** The length of each key's value, in bytes. */
  readonly valueLength: number;
  /** Whether operations use more and more keys of session 0, instead of one key of each session. */
  readonly grows?: true;
}

/** Half an hour, as in many session libraries. Nothing expires during a measurement. */
const TTL = 1800;

/** A typical session of a web shop: keys of 4, 4, 4 and 8 bytes with values of 29 bytes. */
export const TYPICAL: Shape = {
  ttl: TTL,
  extend: 'GET',
  perName: 1,
  keys: ['user', 'lang', 'cart', 'csrftokn'],
  valueLength: 29,
};

/** The same, but only writes extend it. */
export const SLIDING_WRITE: Shape = { ...TYPICAL, extend: 'SET' };

/** The same for a server on which the application can find the sessions of a name. */
export const INDEXED: Shape = { ...TYPICAL, indexed: true };

/** A session that is read completely: 8 keys with values of 32 bytes. */
export const WHOLE: Shape = {
  ...TYPICAL,
  keys: [...TYPICAL.keys, 'role', 'city', 'seen', 'referrer'],
  valueLength: 32,
};

/** A session as middleware stores it under a plain key: one value, with a user and a few settings as JSON. */
export const PLAIN: Shape = { ...TYPICAL, extend: 'NONE', keys: [], valueLength: 200 };

/** The session that grows: its keys are added one by one. */
export const GROWING: Shape = { ...TYPICAL, extend: 'BOTH', keys: ['key:0'], grows: true };

/**
 * Returns the token and the key to read and write. The key is neither the first nor the last of its session, so a
 * server has to search for it.
 */
export function addressOf({ keys, grows }: Shape, number: number): readonly [token: string, key: string] {
  return grows ? [tokenOf(0), `key:${number}`] : [tokenOf(number), keys[Math.floor(keys.length / 2)]];
}

export function valueIn({ valueLength }: Shape): string {
  return 'v'.repeat(valueLength);
}

const dataByShape = new WeakMap<Shape, readonly string[]>();

/** Returns a session's keys and values alternately. */
export function dataOf(shape: Shape): readonly string[] {
  const data = dataByShape.get(shape) ?? shape.keys.flatMap((key) => [key, valueIn(shape)]);
  dataByShape.set(shape, data);
  return data;
}

export function nameOf({ perName }: Shape, session: number): string {
  return `user:${Math.floor(session / perName)}`;
}

/** The fractional part of the golden ratio. Its multiples modulo 1 are evenly spread, for any number of them. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** Returns where a session is in an even spread, from 0 to 1. Sessions created one after the other are far apart. */
function spreadOf(session: number): number {
  return (session * GOLDEN) % 1;
}

/** Returns the duration of a session, in seconds. */
export function ttlOf({ ttl, spread }: Shape, session: number): number {
  return spread ? 1 + Math.floor(spreadOf(session) * ttl) : ttl;
}

/** Returns when a session is due, in ms of the monotonic clock. */
export function dueOf({ due = { begin: 0, span: 0, unixAhead: 0 } }: Shape, session: number): number {
  return due.begin + spreadOf(session) * due.span;
}

const tokenBytes = randomBytes(16);

/** The golden ratio in 32 bits: odd, so multiplication by it has an inverse. */
const SPREADING = 0x9e3779b1;
const GATHERING = 0x0e8b2f51;

/**
 * Returns the token of a session, always the same within this process: 32 bits made from its number, and 96 random
 * bits, shared by all. It does not have to be stored or read from a reply. For Redis it is the key, so both servers
 * look up as many bytes. The first bits of successive sessions differ: a store derives from them which of its nodes has
 * a session.
 */
export function tokenOf(session: number): string {
  tokenBytes.writeInt32BE(Math.imul(session, SPREADING));
  return tokenBytes.toString('base64url');
}

/** Returns the number of the session with a token. */
export function numberOf(token: string): number {
  return Math.imul(Buffer.from(token.slice(0, 6), 'base64url').readInt32BE(), GATHERING) >>> 0;
}
