import { CodedError } from '../errors.js';

/** The engine refuses an operation. `code` is for programs, `message` for people. Neither contains a token. */
export class SessionError extends CodedError {
  declare readonly code: SessionErrorCode;

  constructor(code: SessionErrorCode, message: string) {
    super(code, message);
    this.name = 'SessionError';
  }
}

export const NO_SUCH_SESSION = new SessionError('NOSESSION', 'no such session');

export const NO_SESSION_WITH_NAME = new SessionError(
  'NOSESSION',
  `${NO_SUCH_SESSION.message}: no session has this name`,
);

export const NOT_SHARED = new SessionError('NOTSHARED', 'no session with this name is shared');

export const SHARED_EXISTS = new SessionError('SESSIONEXISTS', 'a shared session with this name already exists');

export const TOKEN_EXISTS = new SessionError('SESSIONEXISTS', 'a session with this token already exists');

export const MALFORMED_TOKEN = new SessionError(
  'ERR',
  'a token must be 128 bits in base64url: 22 characters, of which the last is A, Q, g or w',
);

export const WRONG_TYPE = new SessionError('WRONGTYPE', 'Operation against a key holding the wrong kind of value');

export type SessionErrorCode = 'NOSESSION' | 'NOTSHARED' | 'SESSIONEXISTS' | 'WRONGTYPE' | 'OOM' | 'ERR';
