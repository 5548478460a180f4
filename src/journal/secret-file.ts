import { randomBytes } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { reasonOf } from '../system-error.js';
import { isMissing, JournalError } from './journal-error.js';
import { replaceFileSync } from './replace-file.js';

/** Name of the secret's file. */
const SECRET_FILE = 'secret';

/** Length of the secret in bytes. */
const LENGTH = 32;

/**
 * Returns the secret with which the tokens of shared sessions are derived. Reads it from `secret` in the directory, or
 * creates that file with mode 0600 if there is none. The file has 64 hex digits and a line feed. The caller must have
 * exclusive use of the directory.
 * @throws JournalError if the file cannot be read or created, has other content, or can be read or written by other
 *   users.
 */
export function readOrMakeSecret(directory: string): Buffer {
  const path = join(directory, SECRET_FILE);
  try {
    return readSecretFile(path) ?? makeSecretFile(path);
  } catch (error) {
    if (error instanceof JournalError) throw error;
    throw new JournalError(`cannot read or create ${path}: ${reasonOf(error)}`);
  }
}

function readSecretFile(path: string): Buffer | undefined {
  let descriptor: number;
  try {
    // If it is a pipe, this does not wait for its writer.
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) throw new JournalError(`${path} is not a file`);
    if ((stats.mode & 0o077) !== 0) {
      throw new JournalError(
        `other users can read or write ${path}: run "chmod 600 ${path}", and consider a new secret`,
      );
    }
    const text = stats.size <= 4 * LENGTH ? readFileSync(descriptor, 'latin1') : '';
    if (!/^[0-9a-f]{64}\n?$/.test(text)) {
      throw new JournalError(`${path} does not contain 64 hex digits: restore it, or remove it to get a new secret`);
    }
    return Buffer.from(text.trimEnd(), 'hex');
  } finally {
    closeSync(descriptor);
  }
}

function makeSecretFile(path: string): Buffer {
  const secret = randomBytes(LENGTH);
  replaceFileSync(path, `${secret.toString('hex')}\n`);
  return secret;
}
