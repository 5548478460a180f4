import type { Request } from '../../resp/request.js';
import { MANY_SESSIONS } from '../../store/session-store.js';
import type { Expected } from '../arguments/arguments.js';
import type { Argument } from '../declaration/command.js';

// The arguments that the session commands share.

export const TOKEN: Argument = { name: 'token', type: 'token' };
export const TOKENS: Argument = { ...TOKEN, multiple: true };
export const NAME: Argument = { name: 'name', type: 'string' };
/** 1 to 200 letters, digits, `.`, `_` and `-`. */
export const DATA_SET: Argument = { name: 'data-set', type: 'string' };
export const KEY: Argument = { name: 'key', type: 'string' };
export const KEYS: Argument = { ...KEY, multiple: true };
export const PAIRS: Argument = {
  name: 'pair',
  type: 'block',
  multiple: true,
  arguments: [KEY, { name: 'value', type: 'string' }],
};
export const DELETE_SESSION = { name: 'deleteSession', type: 'string', optional: true } as const satisfies Argument;
export const TTL = { name: 'ttl', type: 'integer', unit: 'seconds' } as const satisfies Argument & Expected;
export const MILLISECONDS = { name: 'milliseconds', type: 'integer' } as const satisfies Argument & Expected;

/** Whether a request of a command that takes only tokens has very many. */
export function hasManyTokens(request: Request): boolean {
  return request.length - 1 > MANY_SESSIONS;
}
