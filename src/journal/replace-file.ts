import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type FileSystem, type JournalFile, removeIfThere, syncFile, writeAll } from './file-system.js';

/**
 * Replaces a file, or makes it, atomically: whenever the power goes, either the old content or all of the new one is there. The new content
 * is written to a temporary file beside it and made durable; then the temporary file is renamed, and the directory is made durable.
 */
export async function replaceFile(fileSystem: FileSystem, path: string, bytes: Buffer): Promise<void> {
  await writeTemporary(fileSystem, path, (file) => writeAll(file, bytes, 0));
  await putInPlace(fileSystem, path);
}

/** The path at which a file is written until it is complete. */
export function temporaryFor(path: string): string {
  return `${path}.tmp`;
}

/** Writes the temporary file, durably, which `putInPlace` puts in place of the file at `path`. */
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

/** Puts a temporary file that is complete and durable in its place. */
export async function putInPlace(fileSystem: FileSystem, path: string): Promise<void> {
  await fileSystem.rename(temporaryFor(path), path);
  await fileSystem.syncDirectory(dirname(path));
}

/** Like `replaceFile`, for what must be there before anything else can start: the process waits for the disk. */
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
