import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { DirectoryLock } from '../../src/journal/directory-lock.js';
import { startNode } from '../child-process.js';
import { temporaryDirectory } from './temporary-directory.js';

const MODULE = fileURLToPath(new URL('../../dist/journal/directory-lock.js', import.meta.url));
/** Takes the lock, prints whether it has it or why not, and runs until it is killed. */
const PROGRAM = `
  import { DirectoryLock } from ${JSON.stringify(MODULE)};
  try {
    globalThis.lock = DirectoryLock.take(process.argv[1]);
    console.log('taken');
  } catch (error) {
    console.log(error.message);
  }
  setInterval(() => {}, 60_000);
`;

const children: ChildProcess[] = [];

/** Starts another process, and returns what it prints about the lock. */
async function another(directory: string): Promise<{ child: ChildProcess; says: string }> {
  const child = startNode(['--input-type=module', '-e', PROGRAM, directory], { showErrors: true });
  children.push(child);
  const [output] = await once(child.stdout as NodeJS.ReadableStream, 'data');
  return { child, says: String(output).trim() };
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

describe('DirectoryLock', () => {
  it('is held by one process, and says by which', async () => {
    const directory = temporaryDirectory();
    const lock = DirectoryLock.take(directory);
    const message = `another respite (pid ${process.pid}) is using the directory ${directory}`;
    expect((await another(directory)).says).toBe(message);
    expect(() => DirectoryLock.take(directory)).toThrow(message);
    lock.release();
    expect((await another(directory)).says).toBe('taken');
  });

  it('is free as soon as its process is killed', async () => {
    const directory = temporaryDirectory();
    const { child, says } = await another(directory);
    expect(says).toBe('taken');
    expect(() => DirectoryLock.take(directory)).toThrow(`another respite (pid ${child.pid})`);
    await kill(child);
    const lock = DirectoryLock.take(directory);
    expect(readFileSync(join(directory, 'lock'), 'latin1')).toBe(`${process.pid}\n`);
    lock.release();
  });

  it('goes to one of many processes that start together, after the previous owner was killed', async () => {
    const directory = temporaryDirectory();
    await kill((await another(directory)).child);
    const said = (await Promise.all(Array.from({ length: 8 }, () => another(directory)))).map(({ says }) => says);
    expect(said.filter((says) => says === 'taken').length).toBe(1);
    expect(said.filter((says) => says.startsWith('another respite')).length).toBe(7);
  });

  it('works in a directory with a long path', () => {
    const directory = join(temporaryDirectory(), 'd'.repeat(200));
    mkdirSync(directory);
    DirectoryLock.take(directory).release();
  });

  it('follows no symbolic link, and ignores what is in the file', () => {
    const directory = temporaryDirectory();
    const victim = join(directory, 'victim');
    writeFileSync(victim, 'mine');
    symlinkSync(victim, join(directory, 'lock'));
    expect(() => DirectoryLock.take(directory)).toThrow('ELOOP');
    expect(readFileSync(victim, 'utf8')).toBe('mine');
    const other = temporaryDirectory();
    writeFileSync(join(other, 'lock'), 'x'.repeat(1000));
    DirectoryLock.take(other).release();
  });

  it('says in one line why it cannot be taken', () => {
    const directory = join(temporaryDirectory(), 'missing');
    expect(() => DirectoryLock.take(directory)).toThrow(`cannot open ${directory}/lock: ENOENT`);
  });
});
