import { closeSync, constants, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { reasonOf } from '../system-error.js';
import { JournalError } from './journal-error.js';

/** Name of the file that is locked. It stays when the lock is released. */
export const LOCK_FILE = 'lock';

/**
 * Exclusive use of a directory. It is a lock of the kernel's on an open file: it ends with the process, however that ends,
 * so that there is nothing stale to take over and nothing that two processes that start together could both take; and
 * it holds between containers that share the directory. The file says which process has it.
 */
export class DirectoryLock {
  readonly #descriptor: number;

  private constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  /** @throws JournalError if another process has it, or the directory cannot be locked. */
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
        throw new JournalError(`another respite${ownerOf(path)} uses the directory ${directory}`);
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

  /** Lets another process have it. To be called once. */
  release(): void {
    closeSync(this.#descriptor);
  }
}

/** ` (pid 4711)`, if the owner has said so by now. In another container the number means another process. */
function ownerOf(path: string): string {
  try {
    const pid = /^(\d{1,10})\n$/.exec(readFileSync(path, 'latin1'))?.[1];
    return pid === undefined ? '' : ` (pid ${pid})`;
  } catch {
    return '';
  }
}

/** Node itself cannot lock files. The package is loaded only when it is needed: it has no binary for every system. */
function loadTryLock(): (descriptor: number) => boolean {
  try {
    return createRequire(import.meta.url)('fs-native-extensions').tryLock;
  } catch (error) {
    throw new JournalError(
      'fs-native-extensions has no binary for this system, and without it no directory can be locked',
      {
        cause: error,
      },
    );
  }
}
