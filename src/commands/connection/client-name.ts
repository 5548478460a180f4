import { CommandError } from '../command-error.js';

/** What Redis lets a client call itself: printable ASCII without spaces. */
const PRINTABLE = /^[!-~]*$/;

/** @throws CommandError for anything else. */
export function checkedClientName(name: string, what = 'Client names'): string {
  if (PRINTABLE.test(name)) return name;
  throw new CommandError(`ERR ${what} cannot contain spaces, newlines or special characters.`);
}
