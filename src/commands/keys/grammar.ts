import type { Argument, KeyUse } from '../declaration/command.js';
import { NUMKEYS } from '../declaration/key-spec.js';

// The arguments that the commands for keys share.

export const KEY: Argument = { name: 'key', type: 'key' };
export const KEYS: Argument = { ...KEY, multiple: true };
/** A number, and as many keys. */
export const numberedKeys = (use: KeyUse): readonly Argument[] => [
  { name: NUMKEYS, type: 'integer' },
  { ...KEYS, use },
];
export const VALUE: Argument = { name: 'value', type: 'string' };
export const MEMBER: Argument = { name: 'member', type: 'string' };
export const MEMBERS: Argument = { ...MEMBER, multiple: true };
export const DESTINATION: Argument = { name: 'destination', type: 'key', use: 'OW update' };
