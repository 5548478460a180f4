import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import * as constants from '../../../src/store/valkey/library/constants.js';
import { readLibrary } from '../../../src/store/valkey/library/library.js';
import { ADDING } from '../../../src/store/valkey/sessions/transaction.js';
import { PACKAGE } from '../../../src/version.js';

describe('the library of functions', () => {
  it('is the same in the package', async () => {
    const built = await import(pathToFileURL(join(PACKAGE, 'dist/store/valkey/library/library.js')).href);
    expect(built.readLibrary()).toEqual(readLibrary());
  });

  it('has the hash of its text in its name', () => {
    const { code, prefix } = readLibrary();
    expect(prefix).toMatch(/^r[0-9a-f]{8}_$/);
    expect(code.startsWith(`#!lua name=${prefix}`)).toBe(true);
  });

  it.each(Object.keys(constants))('has %s from TypeScript alone', (name) => {
    const declarations = readLibrary().code.match(new RegExp(`^ *local [^=\\n]*\\b${name}\\b`, 'gm'));
    expect(declarations).toEqual([`local ${name}`]);
  });

  it('knows which functions change nothing that a replica must have', () => {
    const { reads } = readLibrary();
    for (const fn of ['get', 'getall', 'exists', 'due', 'reap']) expect(reads).toContain(fn);
    for (const fn of ['create', 'set', 'end', 'index', 'exec']) expect(reads).not.toContain(fn);
  });

  it('has a row in the documentation for each function', () => {
    const functions = [...readLibrary().code.matchAll(/^operation\('(\w+)'/gm)].map(([, fn]) => fn);
    const readme = readFileSync(join(PACKAGE, 'src/store/valkey/functions/README.md'), 'utf8');
    const rows = [...readme.split('## Arguments and replies')[1].matchAll(/^\| `(\w+)` \|/gm)].map(([, fn]) => fn);
    expect(rows.toSorted()).toEqual(functions.toSorted());
  });

  it('declares as such what transactions take for functions that add something', () => {
    const declared = [...readLibrary().code.matchAll(/^operation\('(\w+)', 'grow'/gm)].map(([, fn]) => fn);
    const others = ['create', 'createathome', 'index', 'setup', 'exec', 'position', 'forward', 'swap'];
    expect(new Set(declared)).toEqual(new Set([...ADDING, ...others]));
  });
});
