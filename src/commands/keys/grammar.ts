import type { Argument } from '../declaration/command.js';

// The arguments that the commands for keys share.

export const KEY: Argument = { name: 'key', type: 'key' };
export const KEYS: Argument = { ...KEY, multiple: true };
export const VALUE: Argument = { name: 'value', type: 'string' };
