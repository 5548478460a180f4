import { CodedError, NO_SUCH_DATABASE } from '../../errors.js';
import type { Arguments } from './arguments.js';

const [LEAST, GREATEST] = [-(2 ** 31), 2 ** 31 - 1];
const NOT_AN_INDEX = new CodedError('ERR', `value is out of range, value must between ${LEAST} and ${GREATEST}`);

/**
 * Takes the number of a database, below `databases`.
 * @throws CodedError not an integer, value is out of range, DB index is out of range.
 */
export function readDatabase(args: Arguments, { databases }: { readonly databases: number }): number {
  const database = Number(args.int64());
  if (database < LEAST || database > GREATEST) throw NOT_AN_INDEX;
  if (database < 0 || database >= databases) throw NO_SUCH_DATABASE;
  return database;
}
