import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, closeSync, mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../../journal/temporary-directory.js';
import { RawClient } from '../../raw-client.js';
import { linesOf, Program, runToEnd } from '../../tools/program.js';

const NOBODY = 65_534;
const isRoot = process.geteuid?.() === 0;

/** Starts the program on a directory that it cannot use. */
function start(dir: string, user?: number) {
  return runToEnd(['--port', '0', '--bind', '127.0.0.1', '--appendonly', 'yes', '--dir', dir], {}, user);
}

const refused = (reason: string) => ({ code: 1, out: '', err: `error: ${reason}\n` });

describe('a start is refused with one line and exit code 1', () => {
  it('if the directory, or one above it, is a file', async () => {
    const path = join(temporaryDirectory(), 'file');
    writeFileSync(path, '');
    expect(await start(path)).toEqual(refused(`${path} is not a directory`));
    expect(await start(join(path, 'data'))).toEqual(
      refused(`cannot use the directory ${path}/data: ENOTDIR: not a directory`),
    );
  });

  it('if another server uses the directory, until that one is gone', async () => {
    const dir = temporaryDirectory();
    const program = await Program.start(['--appendonly', 'yes', '--dir', dir]);
    expect(await start(dir)).toEqual(refused(`another respite (pid ${program.pid}) is using the directory ${dir}`));
    program.signal('SIGKILL');
    await program.exited();
    await (await Program.start(['--appendonly', 'yes', '--dir', dir])).stop();
  });

  it.runIf(isRoot)('if the directory belongs to another user', async () => {
    const dir = temporaryDirectory();
    chownSync(dir, NOBODY, NOBODY);
    expect(await start(dir)).toEqual(
      refused(`the directory ${dir} belongs to user ${NOBODY}, but this process runs as user 0`),
    );
  });

  it.runIf(isRoot)('if it may not write to the directory', async ({ skip }) => {
    if ((await runToEnd(['--version'], {}, NOBODY)).code !== 0) skip('other users cannot read this checkout');
    const parent = temporaryDirectory();
    chmodSync(parent, 0o755);
    const dir = join(parent, 'data');
    mkdirSync(dir, { mode: 0o500 });
    chownSync(dir, NOBODY, NOBODY);
    expect(await start(dir, NOBODY)).toEqual(
      refused(`cannot write to the directory ${dir}: EACCES: permission denied`),
    );
    expect(await start(join(parent, 'other'), NOBODY)).toEqual(
      refused(`cannot create the directory ${join(parent, 'other')}: EACCES: permission denied`),
    );
  });

  it('if the file system is mounted read-only', async ({ skip }) => {
    const dir = temporaryDirectory();
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'ro', 'tmpfs', dir], { stdio: 'ignore' });
    } catch {
      skip('nothing can be mounted here');
    }
    try {
      expect(await start(dir)).toEqual(refused(`cannot write to the directory ${dir}: EROFS: read-only file system`));
    } finally {
      execFileSync('umount', [dir]);
    }
  });
});

it('SIGTERM aborts loading, with exit code 0', async () => {
  const dir = temporaryDirectory();
  const args = ['--appendonly', 'yes', '--dir', dir];
  await (await Program.start(args)).stop();
  // Opening a pipe for reading waits until another process opens it for writing.
  const increment = join(dir, 'journal', 'increment.1');
  rmSync(increment);
  execFileSync('mkfifo', [increment]);
  const socket = join(dir, 'socket');
  const program = Program.launch([...args, '--unixsocket', socket]);
  await untilLoading(socket);
  program.signal('SIGTERM');
  while (!program.log.includes('SIGTERM: stopping')) await new Promise(setImmediate);
  const pipe = openSync(increment, 'r+');
  expect(await program.exited()).toBe(0);
  closeSync(pipe);
  const lines = linesOf(program.log);
  expect(lines.at(-1)).toMatch(/ notice stopped$/);
  expect(lines).toHaveLength(2);
});

/** Resolves when the server at this socket answers that it is loading. */
async function untilLoading(path: string): Promise<void> {
  for (;;) {
    const client = await RawClient.over(connect(path)).catch(() => undefined);
    if (client === undefined) continue;
    await client.expect('PING\r\n', '-LOADING Redis is loading the dataset in memory\r\n');
    client.close();
    return;
  }
}
