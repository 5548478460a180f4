import type { Session } from '../../engine/index.js';
import { CodedError, NOT_AN_INTEGER } from '../../errors.js';
import type { Context } from '../../execution/context/context.js';
import type { Arguments } from '../arguments/arguments.js';
import { type NumberErrors, readNumberedKeys } from '../arguments/numbered-keys.js';
import { readSets } from '../sets/combination.js';

// How ZUNION, ZINTER, ZDIFF and ZINTERCARD read their keys.

/** Returns the errors of a command for a wrong number of keys. */
export function errorsOf(command: string): NumberErrors {
  const tooFew = new CodedError('ERR', `at least 1 input key is needed for '${command}' command`);
  return { tooFew, notAnInteger: NOT_AN_INTEGER };
}

/** Takes the number of keys and the keys. Returns their sessions. */
export function readSources(context: Context, args: Arguments, errors: NumberErrors): Session[] {
  return readSets(context, readNumberedKeys(args, context.client, errors), 'zset');
}
