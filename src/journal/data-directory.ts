import { closeSync, mkdirSync, openSync, statSync, unlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { reasonOf } from '../system-error.js';
import { isMissing, JournalError } from './journal-error.js';

/** Name of the journal's directory within the server's directory. */
export const JOURNAL = 'journal';

/**
 * Makes sure that a directory exists and that this process may keep its files there. Creates it with mode 0700 if it is
 * missing.
 * @throws JournalError if the path is not a directory, belongs to another user, or cannot be written to.
 */
export function prepareDataDirectory(path: string): void {
  const stats = statsOf(path);
  if (stats === undefined) {
    try {
      makeDirectory(path);
    } catch (error) {
      throw new JournalError(`cannot create the directory ${path}: ${reasonOf(error)}`);
    }
    return;
  }
  if (!stats.isDirectory()) throw new JournalError(`${path} is not a directory`);
  const user = process.geteuid?.();
  // New files would belong to this user, so the owner of the directory could neither read nor protect them.
  if (user !== undefined && stats.uid !== user) {
    throw new JournalError(`the directory ${path} belongs to user ${stats.uid}, but this process runs as user ${user}`);
  }
  try {
    // access(2) checks the real user of the process, not the effective one.
    const probe = join(path, `probe.${process.pid}.tmp`);
    closeSync(openSync(probe, 'w', 0o600));
    unlinkSync(probe);
  } catch (error) {
    throw new JournalError(`cannot write to the directory ${path}: ${reasonOf(error)}`);
  }
}

/**
 * Creates a directory and its parents. Node.js' recursive `mkdir` never returns where the system always answers ENOENT,
 * as in /proc.
 */
function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return;
    if (codeOf(error) !== 'ENOENT' || dirname(path) === path) throw error;
    makeDirectory(dirname(path));
    mkdirSync(path, { mode: 0o700 });
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

function statsOf(path: string) {
  try {
    return statSync(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw new JournalError(`cannot use the directory ${path}: ${reasonOf(error)}`);
  }
}
