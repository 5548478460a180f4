import { closeSync, constants, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { reasonOf } from '../system-error.js';
import { JournalError } from './journal-error.js';

/** Name of the lock file. The file stays when the lock is released. */
export const LOCK_FILE = 'lock';

/**
 * Exclusive use of a directory: a lock that the kernel keeps on an open file. It ends with the process, however the
 * process ends, so it is never stale, and two processes that start together cannot both take it. It also works between
 * containers that share the directory. The file contains the process id of the owner.
 */
export class DirectoryLock {
  readonly #descriptor: number;

  private constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  /**
   * Locks a directory.
   * @throws JournalError if another process has the lock, or the directory cannot be locked.
   */
  static take(directory: string): DirectoryLock {
    const path = join(directory, LOCK_FILE);
    let descriptor: number;
    try {
      descriptor = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
    } catch (error) {
      throw new JournalError(`cannot open ${path}: ${reasonOf(error)}`);
    }
    try {
      if (!loadTryLock()(descriptor)) {
        throw new JournalError(`another respite${ownerOf(path)} is using the directory ${directory}`);
      }
      ftruncateSync(descriptor, 0);
      writeSync(descriptor, `${process.pid}\n`, 0);
      return new DirectoryLock(descriptor);
    } catch (error) {
      closeSync(descriptor);
      if (error instanceof JournalError) throw error;
      throw new JournalError(`cannot lock ${path}: ${reasonOf(error)}`);
    }
  }

  /** Releases the lock. Call this once. */
  release(): void {
    closeSync(this.#descriptor);
  }
}

/**
 * Returns ` (pid 4711)`, or '' if the owner has not written its process id yet. The id may be one of another container.
 */
function ownerOf(path: string): string {
  try {
    const pid = /^(\d{1,10})\n$/.exec(readFileSync(path, 'latin1'))?.[1];
    return pid === undefined ? '' : ` (pid ${pid})`;
  } catch {
    return '';
  }
}

/** Node.js cannot lock files. The package is loaded only when needed, because it lacks a binary for some systems. */
function loadTryLock(): (descriptor: number) => boolean {
  try {
    return createRequire(import.meta.url)('fs-native-extensions').tryLock;
  } catch (error) {
    throw new JournalError('cannot lock a directory: the package fs-native-extensions has no binary for this system', {
      cause: error,
    });
  }
}
