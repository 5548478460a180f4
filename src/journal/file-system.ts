import * as fs from 'node:fs';
import { dirname } from 'node:path';
import { JournalError } from './journal-error.js';

/**
 * The calls to the file system that the journal makes. They are handed in, so that a test can let each of them fail, come
 * short, wait, or be the last one before the power is gone. None of them blocks the event loop.
 */
export interface FileSystem {
  /** `read`: for reading; `write`: for reading and writing what is there; `create`: a new file with mode 0600, an error if there is one. */
  open(path: string, mode: 'read' | 'write' | 'create'): Promise<JournalFile>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** The names in a directory. */
  list(directory: string): Promise<string[]>;
  /** Whether it is a file, and no link to one. */
  isFile(path: string): Promise<boolean>;
  /** Makes a directory with mode 0700, unless there is one. */
  makeDirectory(path: string): Promise<void>;
  /** Makes durable which names a directory has. */
  syncDirectory(path: string): Promise<void>;
}

/** An open file. Offsets and lengths are bytes. */
export interface JournalFile {
  /** Returns how many bytes were read: 0 at the end of the file. */
  read(into: Buffer, offset: number, length: number, position: number): Promise<number>;
  /** Writes at a position of the file; it may write less than asked. A callback, for it is called for every batch. */
  write(
    bytes: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null, written: number) => void,
  ): void;
  /** Makes what was written durable, and the size of the file. Fails if the file is not at its path any more: nobody would find it again. */
  sync(callback: (error: Error | null) => void): void;
  /** Fails if the file is not at its path any more. */
  look(callback: (error: Error | null) => void): void;
  truncate(size: number): Promise<void>;
  size(): Promise<number>;
  close(): Promise<void>;
}

/** A promise for a call with a callback. */
function promised<Result>(call: (callback: (error: Error | null, result: Result) => void) => void): Promise<Result> {
  return new Promise((resolve, reject) => call((error, result) => (error ? reject(error) : resolve(result))));
}

/** Linux writes no more at a time. */
const MAX_WRITE = 0x7ffff000;

class OpenFile implements JournalFile {
  readonly #descriptor: number;
  readonly #path: string;
  /** Which file it is, whatever its path. */
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
    // Both at once: the look takes no time of its own.
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
    // What else may be wrong with the path does not mean that the file is gone.
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

/** A file is not at its path any more. What is in it, and is written to it, is lost when it is closed, unless it is put back. */
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

/** All of a file that should be small. @throws JournalError if it is not. */
export async function readSmallFile(fileSystem: FileSystem, path: string, maxBytes: number): Promise<Buffer> {
  const file = await fileSystem.open(path, 'read');
  try {
    const size = await file.size();
    if (size > maxBytes) throw new JournalError(`${path} is not what it should be: it has ${size} bytes`);
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

/**
 * Replaces a file, or makes it, so that at every instant either what was there or all of `bytes` is there, whenever the
 * power goes.
 */
export async function replaceFile(fileSystem: FileSystem, path: string, bytes: Buffer): Promise<void> {
  const temporary = `${path}.tmp`;
  await removeIfThere(fileSystem, temporary);
  const file = await fileSystem.open(temporary, 'create');
  try {
    await writeAll(file, bytes, 0);
    await syncFile(file);
  } finally {
    await file.close();
  }
  await fileSystem.rename(temporary, path);
  await fileSystem.syncDirectory(dirname(path));
}

export async function removeIfThere(fileSystem: FileSystem, path: string): Promise<void> {
  await fileSystem.remove(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
}
