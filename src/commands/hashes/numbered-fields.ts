import { parseInt64 } from '../../engine/fields/int64.js';
import { CodedError } from '../../errors.js';
import type { Slice } from '../../slice.js';
import { type Arguments, spells } from '../arguments/arguments.js';
import type { Argument } from '../declaration/command.js';
import { FIELDS, NUMFIELDS } from './grammar.js';

// How the commands for the expiration of fields take fields: FIELDS, their number, and as many fields.

export const NUMBERED_FIELDS: Argument = {
  name: 'fields',
  type: 'block',
  token: 'FIELDS',
  arguments: [NUMFIELDS, FIELDS],
};

const NOT_POSITIVE = new CodedError('ERR', 'Number of fields must be a positive integer');
const MISSING = new CodedError('ERR', 'Mandatory argument FIELDS is missing or not at the right position');
const NO_MATCH = new CodedError('ERR', 'The `numfields` parameter must match the number of arguments');

/**
 * Takes all remaining arguments, which must be numbered fields. Returns the fields.
 * @param notPositive The error for a number that is not a positive integer, which differs between commands.
 * @throws CodedError if FIELDS is not the next word, or the number is not that of the fields.
 */
export function readNumberedFields(args: Arguments, notPositive = NOT_POSITIVE): readonly Slice[] {
  if (args.left < 2) throw args.wrongNumber();
  if (!spells(args.slice(), 'FIELDS')) throw MISSING;
  const number = parseInt64(args.slice());
  if (number === undefined || number <= 0n) throw notPositive;
  if (number !== BigInt(args.left)) throw NO_MATCH;
  return args.rest();
}
