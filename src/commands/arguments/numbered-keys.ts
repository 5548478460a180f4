import { parseInt64 } from '../../engine/fields/int64.js';
import type { KeyName } from '../../engine/index.js';
import { CodedError, SYNTAX } from '../../errors.js';
import type { Arguments, HasDatabase } from './arguments.js';

/** The errors for a wrong number of keys, which differ between commands. */
export interface NumberErrors {
  /** If the number is not positive. */
  readonly tooFew: CodedError;
  /** If it is greater than the number of remaining arguments. By default, a syntax error. */
  readonly tooMany?: CodedError;
  /** If it is not an integer. By default, as if it were not positive. */
  readonly notAnInteger?: CodedError;
}

export const TOO_FEW_KEYS = new CodedError('ERR', 'numkeys should be greater than 0');

/** Takes the number of keys, and then that many keys. @throws CodedError one of the given errors. */
export function readNumberedKeys(
  args: Arguments,
  client: HasDatabase,
  { tooFew, tooMany = SYNTAX, notAnInteger = tooFew }: NumberErrors,
): KeyName[] {
  const number = parseInt64(args.slice());
  if (number === undefined) throw notAnInteger;
  if (number <= 0n) throw tooFew;
  if (number > args.left) throw tooMany;
  return Array.from({ length: Number(number) }, () => args.key(client));
}
