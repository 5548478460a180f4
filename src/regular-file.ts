import { closeSync, constants, fstatSync, lstatSync, openSync, readlinkSync, readSync } from 'node:fs';
import { reasonOf } from './system-error.js';

/** Bytes that are read at once. */
const STEP = 64 * 1024;

/**
 * Returns the content of a file. Never waits: opening a named pipe would otherwise wait for somebody to write to it.
 * @param most The most bytes that the file may have.
 * @throws Error if it is not a regular file, cannot be read, or is larger. The message is the reason in a few words,
 *   without the path.
 */
export function readRegularFile(path: string, most: number): Buffer {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    return readOpen(descriptor, most);
  } catch (error) {
    throw isDangling(path, error)
      ? new Error(`it is a symbolic link to ${readlinkSync(path)}, which does not exist`)
      : new Error(reasonOf(error));
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function readOpen(descriptor: number, most: number): Buffer {
  const stats = fstatSync(descriptor);
  if (stats.isDirectory()) throw new Error('it is a directory');
  if (!stats.isFile()) throw new Error(stats.isFIFO() ? 'it is a named pipe, not a file' : 'it is not a regular file');
  const chunks: Buffer[] = [];
  let length = 0;
  for (;;) {
    const chunk = Buffer.alloc(STEP);
    const read = readSync(descriptor, chunk, 0, STEP, null);
    if (read === 0) return Buffer.concat(chunks, length);
    chunks.push(chunk.subarray(0, read));
    length += read;
    // The size that the system states may be wrong: files in /proc have none.
    if (length > most) throw new Error(`it has more than ${most / 2 ** 20} MB`);
  }
}

function isDangling(path: string, error: unknown): boolean {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') return false;
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}
