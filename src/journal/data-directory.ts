import { accessSync, constants, mkdirSync, statSync } from 'node:fs';
import { isMissing, JournalError, reasonOf } from './journal-error.js';

/**
 * Makes sure that there is a directory that this process may keep its files in; makes one with mode 0700 if it is missing.
 * @throws JournalError if there is something else, or it belongs to another user, or cannot be written to.
 */
export function prepareDataDirectory(path: string): void {
  const stats = statsOf(path);
  if (stats === undefined) {
    try {
      mkdirSync(path, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw new JournalError(`cannot make the directory ${path}: ${reasonOf(error)}`);
    }
    return;
  }
  if (!stats.isDirectory()) throw new JournalError(`${path} is not a directory`);
  const user = process.geteuid?.();
  // What is made there would belong to this user, and the owner of the directory could neither read nor protect it.
  if (user !== undefined && stats.uid !== user) {
    throw new JournalError(`the directory ${path} belongs to user ${stats.uid}, and this process runs as user ${user}`);
  }
  try {
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new JournalError(`cannot write to the directory ${path}: ${reasonOf(error)}`);
  }
}

function statsOf(path: string) {
  try {
    return statSync(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw new JournalError(`cannot use the directory ${path}: ${reasonOf(error)}`);
  }
}
