import type { Argument } from '../declaration/command.js';

// The arguments that the commands for sorted sets share.

export const MIN: Argument = { name: 'min', type: 'double' };
export const MAX: Argument = { name: 'max', type: 'double' };
export const LEAST: Argument = { name: 'min', type: 'string' };
export const GREATEST: Argument = { name: 'max', type: 'string' };
export const WITHSCORES: Argument = { name: 'withscores', type: 'pure-token', token: 'WITHSCORES', optional: true };
export const LIMIT: Argument = {
  name: 'limit',
  type: 'block',
  token: 'LIMIT',
  optional: true,
  arguments: [
    { name: 'offset', type: 'integer' },
    { name: 'count', type: 'integer' },
  ],
};
