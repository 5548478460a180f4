import * as fs from 'node:fs';
import { JournalError } from './journal-error.js';

/**
 * The file system calls that the journal makes. They are injected, so that a test can make each of them fail, write too
 * little, wait, or be the last one before a power failure. None of them blocks the event loop.
 */
export interface FileSystem {
  /**
   * Opens a file. `read`: for reading; `write`: an existing file for reading and writing; `create`: a new file with
   * mode 0600, which must not exist.
   */
  open(path: string, mode: 'read' | 'write' | 'create'): Promise<JournalFile>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Returns the names in a directory. */
  list(directory: string): Promise<string[]>;
  /** Returns whether the path is a regular file, not a symbolic link. */
  isFile(path: string): Promise<boolean>;
  /** Creates a directory with mode 0700, unless it exists. */
  makeDirectory(path: string): Promise<void>;
  /** Makes the names in a directory durable. */
  syncDirectory(path: string): Promise<void>;
}

/** An open file. Offsets and lengths are in bytes. */
export interface JournalFile {
  /** Returns the number of bytes read; 0 at the end of the file. */
  read(into: Buffer, offset: number, length: number, position: number): Promise<number>;
  /**
   * Writes at a position of the file. It may write less than asked. It takes a callback because it is called for every
   * batch.
   */
  write(
    bytes: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null, written: number) => void,
  ): void;
  /**
   * Makes the content and the size of the file durable. Fails if the file is no longer at its path, because nobody
   * would find it again.
   */
  sync(callback: (error: Error | null) => void): void;
  /** Fails if the file is no longer at its path. */
  look(callback: (error: Error | null) => void): void;
  truncate(size: number): Promise<void>;
  size(): Promise<number>;
  close(): Promise<void>;
}

/** Turns a call with a callback into a promise. */
function promised<Result>(call: (callback: (error: Error | null, result: Result) => void) => void): Promise<Result> {
  return new Promise((resolve, reject) => call((error, result) => (error ? reject(error) : resolve(result))));
}

/** The most bytes that Linux writes in one call. */
const MAX_WRITE = 0x7ffff000;

class OpenFile implements JournalFile {
  readonly #descriptor: number;
  readonly #path: string;
  /** Identifies the file, whatever its path. */
  readonly #identity: fs.Stats;

  constructor(descriptor: number, path: string, identity: fs.Stats) {
    this.#descriptor = descriptor;
    this.#path = path;
    this.#identity = identity;
  }

  read(into: Buffer, offset: number, length: number, position: number): Promise<number> {
    return promised((callback) => fs.read(this.#descriptor, into, offset, length, position, callback));
  }

  write(
    bytes: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null, written: number) => void,
  ): void {
    fs.write(this.#descriptor, bytes, offset, Math.min(length, MAX_WRITE), position, callback);
  }

  sync(callback: (error: Error | null) => void): void {
    // Both at once, so that the check takes no extra time.
    let [left, failure]: [number, Error | null] = [2, null];
    const done = (error: Error | null): void => {
      failure ??= error;
      if (--left === 0) callback(failure);
    };
    fs.fdatasync(this.#descriptor, done);
    this.look(done);
  }

  look(callback: (error: Error | null) => void): void {
    fs.stat(this.#path, (error, found) => callback(this.#isFound(error, found) ? null : new FileGoneError(this.#path)));
  }

  #isFound(error: Error | null, found: fs.Stats): boolean {
    // Other errors of the path do not mean that the file is gone.
    if (error !== null) return !['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');
    return found.ino === this.#identity.ino && found.dev === this.#identity.dev;
  }

  truncate(size: number): Promise<void> {
    return promised((callback) => fs.ftruncate(this.#descriptor, size, callback as fs.NoParamCallback));
  }

  async size(): Promise<number> {
    const { size } = await promised<fs.Stats>((callback) => fs.fstat(this.#descriptor, callback));
    return size;
  }

  close(): Promise<void> {
    return promised((callback) => fs.close(this.#descriptor, callback as fs.NoParamCallback));
  }
}

/** A file is no longer at its path. Unless it is put back, its content is lost when it is closed. */
export class FileGoneError extends JournalError {
  constructor(path: string) {
    super(
      `${path} is not there any more: put it back or, to keep what is in memory, use SESSION.SAVE, restart and use SESSION.LOAD`,
    );
  }
}

const FLAGS = { read: 'r', write: 'r+', create: 'wx+' } as const;

/** The file system of this machine. */
export const nodeFileSystem: FileSystem = {
  async open(path, mode) {
    const descriptor = await promised<number>((callback) => fs.open(path, FLAGS[mode], 0o600, callback));
    try {
      const identity = await promised<fs.Stats>((callback) => fs.fstat(descriptor, callback));
      return new OpenFile(descriptor, path, identity);
    } catch (error) {
      fs.closeSync(descriptor);
      throw error;
    }
  },
  rename: (from, to) => fs.promises.rename(from, to),
  remove: (path) => fs.promises.unlink(path),
  list: (directory) => fs.promises.readdir(directory),
  isFile: async (path) => (await fs.promises.lstat(path)).isFile(),
  async makeDirectory(path) {
    await fs.promises.mkdir(path, { recursive: true, mode: 0o700 });
  },
  async syncDirectory(path) {
    const directory = await fs.promises.open(path, 'r');
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  },
};

/** Writes all of `bytes` at `position`. */
export async function writeAll(file: JournalFile, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const from = done;
    const written = await promised<number>((callback) =>
      file.write(bytes, from, bytes.length - from, position + from, callback),
    );
    if (written === 0) throw new JournalError('nothing could be written');
    done += written;
  }
}

export function syncFile(file: JournalFile): Promise<void> {
  return promised((callback) => file.sync(callback as (error: Error | null) => void));
}

/**
 * Reads a file that should be small.
 * @throws JournalError if it has more than `maxBytes` bytes.
 */
export async function readSmallFile(fileSystem: FileSystem, path: string, maxBytes: number): Promise<Buffer> {
  const file = await fileSystem.open(path, 'read');
  try {
    const size = await file.size();
    if (size > maxBytes) throw new JournalError(`${path} has ${size} bytes, which is too many`);
    const bytes = Buffer.alloc(size);
    let length = 0;
    while (length < size) {
      const read = await file.read(bytes, length, size - length, length);
      if (read === 0) break;
      length += read;
    }
    return bytes.subarray(0, length);
  } finally {
    await file.close();
  }
}

export async function removeIfThere(fileSystem: FileSystem, path: string): Promise<void> {
  await fileSystem.remove(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
}
