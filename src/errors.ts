/**
 * The codes of all errors that a client can get: what programs match on, and the label `code` of
 * `respite_errors_total`. No client can add one.
 */
export const ERROR_CODES = [
  'BUSY',
  'BUSYGROUP',
  'CLUSTERDOWN',
  'CROSSSLOT',
  'ERR',
  'EXECABORT',
  'LOADING',
  'MISCONF',
  'NOAUTH',
  'NODATASET',
  'NOGROUP',
  'NOPERM',
  'NOPROTO',
  'NOREPLICAS',
  'NOSCRIPT',
  'NOSESSION',
  'NOTBUSY',
  'NOTSHARED',
  'OOM',
  'SESSIONEXISTS',
  'TRYAGAIN',
  'UNBLOCKED',
  'UNKILLABLE',
  'WRONGPASS',
  'WRONGTYPE',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/**
 * A request cannot be carried out, because of the client's mistake or the server's state. `code` is for programs, and
 * is the first word of the reply. `message` is one line for people. Neither contains a token. Any other error is a
 * fault of respite.
 */
export class CodedError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CodedError';
    this.code = code;
  }

  /** What the client gets: the code and the message. */
  get text(): string {
    return `${this.code} ${this.message}`;
  }
}

/** An error whose code a script has chosen. It counts as `ERR` if the code is none of the server's. */
export class ForeignError extends CodedError {
  readonly #text: string;

  /** @param text Begins with the code. */
  constructor(text: string) {
    const [word] = text.split(' ', 1);
    super(ERROR_CODES.find((code) => code === word) ?? 'ERR', text.slice(word.length + 1));
    this.#text = text;
  }

  override get text(): string {
    return this.#text;
  }
}

// Errors that are used in several places, and all reasons for refusing a request before it runs. Where Redis has the
// error, the wording is that of Redis, because clients match on it.

export const SYNTAX = new CodedError('ERR', 'syntax error');
export const UNBLOCKED = new CodedError('UNBLOCKED', 'client unblocked via CLIENT UNBLOCK');
export const NOT_AN_INTEGER = new CodedError('ERR', 'value is not an integer or out of range');
export const NO_SUCH_DATABASE = new CodedError('ERR', 'DB index is out of range');
export const SAME_OBJECT = new CodedError('ERR', 'source and destination objects are the same');
export const RESERVED_KEY = new CodedError(
  'ERR',
  'a key of database 0 must not begin with a NUL byte, the number of another database and a colon',
);

export const NOT_AUTHENTICATED = new CodedError('NOAUTH', 'Authentication required.');
export const LOADING = new CodedError('LOADING', 'Redis is loading the dataset in memory');
export const BUSY = new CodedError(
  'BUSY',
  'Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.',
);
export const OUT_OF_MEMORY = new CodedError('OOM', "command not allowed when used memory > 'maxmemory'.");
export const NOT_IN_TRANSACTION = new CodedError('ERR', 'Command not allowed inside a transaction');
export const TRANSACTION_TOO_LARGE = new CodedError(
  'ERR',
  'the transaction is larger than client-query-buffer-limit allows',
);
export const PREVIOUS_ERRORS = new CodedError('EXECABORT', 'Transaction discarded because of previous errors.');

/** @param detail What a SESSION command expects. Its errors may say more than those of Redis. */
export function wrongNumberOfArguments(command: string, detail?: string): CodedError {
  const message = `wrong number of arguments for '${command}' command`;
  return new CodedError('ERR', detail === undefined ? message : `${message}: ${detail}`);
}

export function noPermission(user: string, command: string): CodedError {
  return new CodedError('NOPERM', `User ${user} has no permissions to run the '${command}' command`);
}

export function notOfSubscriber(command: string): CodedError {
  return new CodedError(
    'ERR',
    `Can't execute '${command}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context`,
  );
}

/** Returns the error for writes while the journal cannot be written. */
export function cannotPersist(failure: Error): CodedError {
  return new CodedError('MISCONF', `Errors writing to the AOF file: ${failure.message}`);
}

/** Returns the error of a script that may write, which is refused because of a failure that keeps all writes out. */
export function cannotRunWritingScript({ code, message }: CodedError): CodedError {
  return new CodedError(code, `${message}. Writable scripts are blocked. Use 'no-writes' flag for read only scripts.`);
}

/** Returns EXEC's error for a refusal: none of the commands has run. */
export function discarded({ code, message }: CodedError): CodedError {
  const reason = code === 'ERR' ? message : `${code} ${message}`;
  return new CodedError('EXECABORT', `Transaction discarded because of: ${reason}`);
}
