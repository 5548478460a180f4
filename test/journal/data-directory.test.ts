import { chmodSync, chownSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { prepareDataDirectory } from '../../src/journal/data-directory.js';
import { temporaryDirectory } from './temporary-directory.js';

const isRoot = process.geteuid?.() === 0;

/** Runs `act` as another user than root. The test itself must run as root. */
function asNobody(act: () => void): void {
  process.seteuid?.(65534);
  try {
    act();
  } finally {
    process.seteuid?.(0);
  }
}

describe('prepareDataDirectory', () => {
  it('creates missing directories, accessible only to this user', () => {
    const path = join(temporaryDirectory(), 'a', 'b');
    prepareDataDirectory(path);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    prepareDataDirectory(path);
  });

  it('refuses a path that is not a directory', () => {
    const path = join(temporaryDirectory(), 'file');
    writeFileSync(path, '');
    expect(() => prepareDataDirectory(path)).toThrow(`${path} is not a directory`);
    expect(() => prepareDataDirectory(join(path, 'below'))).toThrow(
      /^cannot (use|make) the directory .*: ENOTDIR: not a directory$/,
    );
  });

  it.runIf(isRoot)('refuses the directory of another user', () => {
    const path = join(temporaryDirectory(), 'theirs');
    mkdirSync(path);
    chownSync(path, 1234, 1234);
    expect(() => prepareDataDirectory(path)).toThrow(
      `the directory ${path} belongs to user 1234, but this process runs as user 0`,
    );
  });

  it.runIf(isRoot)('refuses a directory that cannot be written to or created', () => {
    const parent = temporaryDirectory();
    chmodSync(parent, 0o755);
    const path = join(parent, 'mine');
    mkdirSync(path, { mode: 0o500 });
    chownSync(path, 65534, 65534);
    asNobody(() => {
      expect(() => prepareDataDirectory(path)).toThrow(`cannot write to the directory ${path}: EACCES`);
      expect(() => prepareDataDirectory(join(parent, 'new'))).toThrow(
        `cannot create the directory ${parent}/new: EACCES`,
      );
    });
  });
});
