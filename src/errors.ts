/**
 * What a client asked for cannot be done: the client's mistake, or how things stand. `code` is for programs and the first word of the
 * reply; `message` is for people, one line. Neither holds a token. Any other error is a fault of ours.
 */
export class CodedError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CodedError';
    this.code = code;
  }
}

/** The errors that more than one place has a reason for. The wording is Redis', where Redis has the error: clients match on it. */

export const SYNTAX = new CodedError('ERR', 'syntax error');
export const NOT_AN_INTEGER = new CodedError('ERR', 'value is not an integer or out of range');
export const NO_SUCH_DATABASE = new CodedError('ERR', 'DB index is out of range');
export const LOADING = new CodedError('LOADING', 'Redis is loading the dataset in memory');
export const OUT_OF_MEMORY = new CodedError('OOM', "command not allowed when used memory > 'maxmemory'.");

export function wrongNumberOfArguments(command: string): CodedError {
  return new CodedError('ERR', `wrong number of arguments for '${command}' command`);
}

/** While the journal cannot be written nothing may change. */
export function cannotPersist(failure: Error): CodedError {
  return new CodedError('MISCONF', `Errors writing to the AOF file: ${failure.message}`);
}
