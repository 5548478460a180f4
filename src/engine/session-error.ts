/** What the engine refuses. `code` is for programs, `message` for people; neither holds a token. */
export class SessionError extends Error {
  readonly code: SessionErrorCode;

  constructor(code: SessionErrorCode, message: string) {
    super(message);
    this.name = 'SessionError';
    this.code = code;
  }
}

export const NO_SUCH_SESSION = new SessionError('NOSESSION', 'no such session');

export const WRONG_TYPE = new SessionError('WRONGTYPE', 'Operation against a key holding the wrong kind of value');

export type SessionErrorCode = 'NOSESSION' | 'NOTSHARED' | 'SESSIONEXISTS' | 'WRONGTYPE' | 'OOM' | 'ERR';
