import type { Argument } from '../declaration/command.js';

// The arguments that the commands for streams share.

export const KEY: Argument = { name: 'key', type: 'key' };
export const GROUP: Argument = { name: 'group', type: 'string' };
export const CONSUMER: Argument = { name: 'consumer', type: 'string' };
export const MIN_IDLE: Argument = { name: 'min-idle-time', type: 'integer' };
export const COUNT: Argument = { name: 'count', type: 'integer', token: 'COUNT', optional: true };
export const IDS: Argument = { name: 'id', type: 'string', multiple: true };
export const JUSTID: Argument = { name: 'justid', type: 'pure-token', token: 'JUSTID', optional: true };
