/** A refusal: its message is the error reply, code first. */
export class CommandError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'CommandError';
  }
}

export const SYNTAX = 'ERR syntax error';
export const NOT_AN_INTEGER = 'ERR value is not an integer or out of range';

export const LOADING = new CommandError('LOADING Redis is loading the dataset in memory');
export const OUT_OF_MEMORY = new CommandError("OOM command not allowed when used memory > 'maxmemory'.");

export function wrongNumberOfArguments(command: string): CommandError {
  return new CommandError(`ERR wrong number of arguments for '${command}' command`);
}

/** While the journal cannot be written nothing may change. */
export function cannotPersist(failure: Error): CommandError {
  return new CommandError(`MISCONF Errors writing to the AOF file: ${failure.message}`);
}
