import { DirectoryLock, prepareDataDirectory, readOrMakeSecret } from '../journal/index.js';

/** A data directory in exclusive use. */
export class LockedDirectory {
  readonly path: string;
  /** The secret with which the tokens of shared sessions are derived. It survives a restart, so the tokens do too. */
  readonly secret: Buffer;
  readonly #lock: DirectoryLock;

  /**
   * Takes exclusive use of a directory, and creates it if it is missing.
   * @throws JournalError if the directory cannot be used.
   */
  constructor(path: string) {
    this.path = path;
    prepareDataDirectory(path);
    this.#lock = DirectoryLock.take(path);
    try {
      this.secret = readOrMakeSecret(path);
    } catch (error) {
      this.#lock.release();
      throw error;
    }
  }

  /** Ends the exclusive use. Call this once. */
  release(): void {
    this.#lock.release();
  }
}
