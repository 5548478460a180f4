import { reasonOf } from '../system-error.js';

/**
 * What keeps the journal from being used: the message is one line for a person, says what to do where something can be
 * done, and holds no token and no data.
 */
export class JournalError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'JournalError';
  }
}

/** A file of the journal does not hold what was written to it. */
export class JournalDamage extends JournalError {
  /** Path of the file. */
  readonly file: string;
  /** Byte of the file from which on it is not what was written. */
  readonly offset: number;
  /** What is wrong there. */
  readonly reason: string;

  constructor(file: string, offset: number, reason: string) {
    super(
      `${file} is damaged at byte ${offset}: ${reason}; to see what can be kept: respite check ${file}, to keep it: respite check ${file} --fix`,
    );
    this.name = 'JournalDamage';
    this.file = file;
    this.offset = offset;
    this.reason = reason;
  }
}

/** A fault of the file system as an error for a person; any other as it is. @param what What could not be done. */
export function asJournalError(what: string, error: unknown): unknown {
  const isOfSystem = error instanceof Error && 'code' in error && !(error instanceof JournalError);
  return isOfSystem ? new JournalError(`${what}: ${reasonOf(error)}`, { cause: error }) : error;
}

/** Whether it failed because there is no such file. */
export function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}
