import type { Words } from './client.js';

/**
 * Commands on one session, without `SESSION.` and the token. The session has the key `k` with the value `1`.
 */

type Commands = readonly (readonly [command: string, ...rest: string[]])[];

/** Those that read the data. */
export const READS: Commands = [['GET', 'k'], ['MGET', 'k', 'n'], ['GETALL']];

/** Those that write the data and change it. */
export const WRITES: Commands = [
  ['SET', 'k', '2'],
  ['SETEX', '100', 'k', '2'],
  ['PSETEX', '100000', 'k', '2'],
  ['ADD', 'n', '2'],
  ['CAS', 'k', '1', '2'],
  ['INCRBY', 'k', '1'],
  ['APPEND', 'k', '2'],
  ['DEL', 'k'],
  ['CLEAR'],
  ['CLEARSET', 'k', '2'],
];

/** Those that could write the data, but change nothing. */
export const IDLE_WRITES: Commands = [
  ['ADD', 'k', '2'],
  ['CAS', 'k', '2', '3'],
  ['DEL', 'n'],
  ['KEYPERSIST', 'k'],
];

/** Those that look at the session, and are refused if there is none. */
export const LOOKS: Commands = [
  ['INFO'],
  ['KEYS'],
  ['COUNT'],
  ['CONTAINS', 'k'],
  ['KEYTTL', 'k'],
  ['KEYPTTL', 'k'],
  ['ID'],
];

/** Those that ask whether there is a session, with the reply if there is none. */
export const QUESTIONS: readonly (readonly [command: string, reply: number | number[]])[] = [
  ['EXISTS', 0],
  ['MEXISTS', [0]],
  ['TTL', -2],
  ['PTTL', -2],
];

/** Returns the request of a command on a session. */
export function on(token: string, [command, ...rest]: readonly string[]): Words {
  return [`SESSION.${command}`, token, ...rest];
}

/** A well-formed token that no session has. */
export const NOBODY = 'A'.repeat(22);

export const NO_SESSION = 'NOSESSION no such session';
