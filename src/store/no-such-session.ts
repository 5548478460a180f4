import { NO_SUCH_SESSION, SessionError, TOKEN_LENGTH } from '../engine/index.js';
import { nameIn } from '../engine/names/address.js';
import type { Slice } from '../slice.js';

const NO_SHARED_SESSION = new SessionError('NOSESSION', `${NO_SUCH_SESSION.message}: no shared session has this name`);
const NOT_A_TOKEN = new SessionError(
  'NOSESSION',
  `${NO_SUCH_SESSION.message}: expected a token, which has ${TOKEN_LENGTH} characters, or the name of a shared session after "@", such as @user:42`,
);

/**
 * Returns the error for a token or `@name` that has no session. It does not repeat what was given, because that may be
 * a mistyped token.
 */
export function noSuchSession(given: Slice): SessionError {
  if (nameIn(given) !== undefined) return NO_SHARED_SESSION;
  return given.length === TOKEN_LENGTH ? NO_SUCH_SESSION : NOT_A_TOKEN;
}
