/**
 * A request that the server refused, or that it did not answer. It says what went wrong, and nothing of the request:
 * the error objects of client libraries may hold the command, and so the token, which would then stand in a log.
 */
export class RequestError extends Error {
  override name = 'RequestError';

  /** @param code The server's word for programs (`SESSIONEXISTS`, `OOM`, …) or the system's (`ECONNREFUSED`, …). */
  constructor(
    message: string,
    readonly code: string | undefined,
  ) {
    super(message);
  }
}

/** There is no such session: it was ended, it has expired, or there never was one of this token. */
export class NoSessionError extends RequestError {
  override name = 'NoSessionError';

  constructor() {
    super('no such session', 'NOSESSION');
  }
}

/** The error to throw for one of a client library. */
export function failureOf(error: unknown): RequestError {
  const { message, code, errors, name } = error as Partial<AggregateError> & { readonly code?: unknown };
  // What comes of trying several addresses of a host has no message of its own.
  if (!message && errors !== undefined && errors.length > 0) return failureOf(errors[0]);
  // A server that does not know sessions (Redis) repeats the arguments of unknown commands.
  const [said] = String(message || code || name).split(', with args beginning with:', 1);
  const word = /^[A-Z]+(?= )/.exec(said)?.[0];
  if (word === 'NOSESSION') return new NoSessionError();
  return new RequestError(said, word ?? (typeof code === 'string' ? code : undefined));
}
