/**
 * The server refused a request or did not answer it. The error says what went wrong but contains nothing of the
 * request: the error objects of client libraries may contain the command, and so would put the token into logs.
 */
export class RequestError extends Error {
  override name = 'RequestError';

  /** @param code The server's error code (`SESSIONEXISTS`, `OOM`, …) or the system's (`ECONNREFUSED`, …). */
  constructor(
    message: string,
    readonly code: string | undefined,
  ) {
    super(message);
  }
}

/** There is no such session: it was ended, it expired, or the token never existed. */
export class NoSessionError extends RequestError {
  override name = 'NoSessionError';

  constructor() {
    super('no such session', 'NOSESSION');
  }
}

/** Returns the error to throw in place of a client library's error. */
export function failureOf(error: unknown): RequestError {
  const { message, code, errors, name } = error as Partial<AggregateError> & { readonly code?: unknown };
  // The error for trying several addresses of a host has no message.
  if (!message && errors !== undefined && errors.length > 0) return failureOf(errors[0]);
  // A server without session commands (Redis) repeats the arguments of an unknown command, and so the token.
  const said = String(message || code || name).replace(/, with args beginning with:.*/s, '');
  const word = /^[A-Z]+(?= )/.exec(said)?.[0];
  if (word === 'NOSESSION') return new NoSessionError();
  return new RequestError(said, word ?? (typeof code === 'string' ? code : undefined));
}
