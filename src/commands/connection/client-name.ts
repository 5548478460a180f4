import { CodedError } from '../../errors.js';

/** What Redis lets a client call itself: printable ASCII without spaces. */
const PRINTABLE = /^[!-~]*$/;

/** In bytes. A name is kept as long as the connection, and no limit counts it. */
const MAX_CLIENT_NAME = 512;

/** @throws CodedError for anything else, or what is longer than anybody needs. */
export function checkedClientName(name: string, what = 'Client names'): string {
  if (name.length > MAX_CLIENT_NAME)
    throw new CodedError('ERR', `${what} cannot have more than ${MAX_CLIENT_NAME} bytes.`);
  if (PRINTABLE.test(name)) return name;
  throw new CodedError('ERR', `${what} cannot contain spaces, newlines or special characters.`);
}
