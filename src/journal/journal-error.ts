import { reasonOf } from '../system-error.js';

/**
 * The journal, or another file in the server's directory, cannot be used. The message is one line for a person. It says
 * what to do if something can be done, and contains no token and no data.
 */
export class JournalError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'JournalError';
  }
}

/** A file of the journal is not as it was written. */
export class JournalDamage extends JournalError {
  /** Path of the file. */
  readonly file: string;
  /** Offset of the damage in the file, in bytes. */
  readonly offset: number;
  /** What is wrong there. */
  readonly reason: string;

  constructor(file: string, offset: number, reason: string) {
    super(
      `${file} is damaged at byte ${offset}: ${reason}; "respite check ${file}" shows what can be kept, and "respite check ${file} --fix" keeps it`,
    );
    this.name = 'JournalDamage';
    this.file = file;
    this.offset = offset;
    this.reason = reason;
  }
}

/**
 * Returns a file system's error as a JournalError, and any other error unchanged.
 * @param what What could not be done.
 */
export function asJournalError(what: string, error: unknown): unknown {
  const isOfSystem = error instanceof Error && 'code' in error && !(error instanceof JournalError);
  return isOfSystem ? new JournalError(`${what}: ${reasonOf(error)}`, { cause: error }) : error;
}

/** Returns whether an operation failed because there is no such file. */
export function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}
