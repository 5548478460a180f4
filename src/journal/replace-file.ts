import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type FileSystem, type JournalFile, removeIfThere, syncFile, writeAll } from './file-system.js';

/**
 * Replaces or creates a file atomically: after a power failure, it has either its old content or all of the new. The
 * new content is written to a temporary file beside it and made durable. Then the temporary file is renamed, and the
 * directory is made durable.
 */
export async function replaceFile(fileSystem: FileSystem, path: string, bytes: Buffer): Promise<void> {
  await writeTemporary(fileSystem, path, (file) => writeAll(file, bytes, 0));
  await putInPlace(fileSystem, path);
}

/** Returns the path that a file has until it is complete. */
export function temporaryFor(path: string): string {
  return `${path}.tmp`;
}

/** Writes the temporary file for `path` and makes it durable. `putInPlace` then renames it. */
export async function writeTemporary(
  fileSystem: FileSystem,
  path: string,
  write: (file: JournalFile) => Promise<void>,
): Promise<void> {
  await removeIfThere(fileSystem, temporaryFor(path));
  const file = await fileSystem.open(temporaryFor(path), 'create');
  try {
    await write(file);
    await syncFile(file);
  } finally {
    await file.close();
  }
}

/** Renames a complete and durable temporary file to `path`. */
export async function putInPlace(fileSystem: FileSystem, path: string): Promise<void> {
  await fileSystem.rename(temporaryFor(path), path);
  await fileSystem.syncDirectory(dirname(path));
}

/** Like `replaceFile`, but blocks the process. For files without which nothing else can start. */
export function replaceFileSync(path: string, text: string): void {
  rmSync(temporaryFor(path), { force: true });
  writeFileSync(temporaryFor(path), text, { flag: 'wx', mode: 0o600, flush: true });
  renameSync(temporaryFor(path), path);
  const directory = openSync(dirname(path), 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
