import type { Argument } from '../declaration/command.js';
import { VALUE } from '../keys/grammar.js';

// The arguments that the commands for hashes share.

export const FIELD: Argument = { name: 'field', type: 'string' };
export const FIELDS: Argument = { ...FIELD, multiple: true };
/** How many fields follow. */
export const NUMFIELDS: Argument = { name: 'numfields', type: 'integer' };
export const FIELDS_AND_VALUES: Argument = { name: 'data', type: 'block', multiple: true, arguments: [FIELD, VALUE] };
