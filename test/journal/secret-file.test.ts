import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readOrMakeSecret } from '../../src/journal/secret-file.js';
import { temporaryDirectory } from './temporary-directory.js';

/** Creates a directory with this text in its secret file. */
function directoryWith(text: string, mode = 0o600): string {
  const directory = temporaryDirectory();
  writeFileSync(join(directory, 'secret'), text);
  chmodSync(join(directory, 'secret'), mode);
  return directory;
}

describe('readOrMakeSecret', () => {
  it('creates 32 random bytes that no other user can read, and keeps them', () => {
    const directory = temporaryDirectory();
    const secret = readOrMakeSecret(directory);
    expect(secret.length).toBe(32);
    expect(readOrMakeSecret(directory)).toEqual(secret);
    expect(readdirSync(directory)).toEqual(['secret']);
    expect(statSync(join(directory, 'secret')).mode & 0o777).toBe(0o600);
    expect(readOrMakeSecret(temporaryDirectory())).not.toEqual(secret);
  });

  it('creates the file whatever an interrupted start has left', () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'secret.tmp'), 'half');
    readOrMakeSecret(directory);
    expect(readdirSync(directory)).toEqual(['secret']);
  });

  it.each([0o640, 0o604, 0o660, 0o602, 0o644])('refuses a file with mode %o', (mode) => {
    const directory = directoryWith(`${'ab'.repeat(32)}\n`, mode);
    expect(() => readOrMakeSecret(directory)).toThrow(/^other users can read or write \S+secret: run "chmod 600 /);
  });

  it.each([
    ['', 'nothing'],
    ['ab'.repeat(31), 'too little'],
    ['ab'.repeat(33), 'too much'],
    ['zz'.repeat(32), 'other digits'],
    ['ab'.repeat(1_000_000), 'very much'],
  ])('refuses a file with other content, and does not show it', (text) => {
    const directory = directoryWith(text);
    expect(() => readOrMakeSecret(directory)).toThrow(/^(?!.*(?:abab|zzzz))\S+secret does not contain 64 hex digits/);
    expect(readFileSync(join(directory, 'secret'), 'latin1')).toBe(text);
  });

  it('says in one line why there is no secret', () => {
    const directory = temporaryDirectory();
    mkdirSync(join(directory, 'secret'));
    expect(() => readOrMakeSecret(directory)).toThrow(`${directory}/secret is not a file`);
    expect(() => readOrMakeSecret(join(directory, 'missing'))).toThrow(
      /cannot read or create .*ENOENT: no such file or directory$/,
    );
  });
});
