import { CodedError } from '../../errors.js';

/** The names that Redis allows: printable ASCII without spaces. */
const PRINTABLE = /^[!-~]*$/;

/** In bytes. A name is kept for the life of the connection, and no memory limit counts it. */
const MAX_CLIENT_NAME = 512;

/** Returns the name. @throws CodedError if it is too long or has other characters. */
export function checkedClientName(name: string, what = 'Client names'): string {
  if (name.length > MAX_CLIENT_NAME)
    throw new CodedError('ERR', `${what} cannot have more than ${MAX_CLIENT_NAME} bytes.`);
  if (PRINTABLE.test(name)) return name;
  throw new CodedError('ERR', `${what} cannot contain spaces, newlines or special characters.`);
}
