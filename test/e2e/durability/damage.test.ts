import { cpSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { counted } from '../../../src/counted.js';
import { connectTo, keepLog, startServer, stopServers } from '../../embedded-server.js';
import { temporaryDirectory } from '../../journal/temporary-directory.js';
import { frame, RawClient } from '../../raw-client.js';
import { Program, runToEnd } from '../../tools/program.js';

afterEach(stopServers);

const TOKEN = 'AAECAwQFBgcICQoLDA0ODw';

const args = (dir: string) => ['--appendonly', 'yes', '--appendfsync', 'always', '--dir', dir];

/** Kills the program. Returns its directory and the offsets at which the last batches of its journal end. */
async function leave(): Promise<{ dir: string; increment: string; ends: number[] }> {
  const dir = temporaryDirectory();
  const increment = join(dir, 'journal', 'increment.1');
  const program = await Program.start(args(dir));
  const client = await RawClient.connect(program.port);
  const ends: number[] = [];
  await client.bulk('SESSION.NEW', 'x', '3600', 'TOKEN', TOKEN);
  for (let n = 0; n < 3; n++) {
    await client.expect(frame('SESSION.SET', TOKEN, 'n', String(n)), '+OK\r\n');
    ends.push(readFileSync(increment).length);
  }
  program.signal('SIGKILL');
  await program.exited();
  return { dir, increment, ends };
}

function copyOf(dir: string): { dir: string; increment: string } {
  const copy = temporaryDirectory();
  cpSync(join(dir, 'journal'), join(copy, 'journal'), { recursive: true });
  return { dir: copy, increment: join(copy, 'journal', 'increment.1') };
}

it('an incomplete batch after a crash is dropped, with a warning that gives its size; nothing before it is', async () => {
  const { dir, increment, ends } = await leave();
  const [, before, end] = ends;
  for (const cut of [1, Math.floor((end - before) / 2), end - before - 1]) {
    const copy = copyOf(dir);
    truncateSync(copy.increment, end - cut);
    const program = await Program.start(args(copy.dir));
    const dropped = end - before - cut;
    expect(program.log).toContain(
      `warning ${copy.increment}: dropped ${counted(dropped, 'byte')} from byte ${before} on: a crash or a kill left the end incomplete`,
    );
    const client = await RawClient.connect(program.port);
    await client.expect(`SESSION.GET ${TOKEN} n\r\n`, '$1\r\n1\r\n');
    client.close();
    await program.stop();
  }
  // The same for a cut at every byte, in the test's own process.
  for (let size = end; size >= before; size--) {
    const copy = copyOf(dir);
    truncateSync(copy.increment, size);
    const log = keepLog();
    const server = await startServer({ appendonly: true, dir: copy.dir }, { log });
    const client = await connectTo(server);
    await client.expect(`SESSION.GET ${TOKEN} n\r\n`, `$1\r\n${size === end ? 2 : 1}\r\n`);
    const warnings = log.lines.filter((line) => line.includes('dropped'));
    expect(warnings).toHaveLength(size === end || size === before ? 0 : 1);
    client.close();
    await server.close();
  }
  expect(readFileSync(increment).length).toBe(end);
});

it('a changed byte is refused, with the file, the offset and what to do, and doing so helps', async () => {
  const { dir, increment, ends } = await leave();
  const bytes = readFileSync(increment);
  // The value of the second SET.
  bytes[ends[1] - 5] ^= 1;
  writeFileSync(increment, bytes);
  const refusal = await runToEnd(['--port', '0', '--bind', '127.0.0.1', ...args(dir)]);
  expect(refusal.code).toBe(1);
  expect(refusal.err).toBe(
    `error: ${increment} is damaged at byte ${ends[0]}: the checksum of a batch is wrong, and good batches follow at byte ${ends[1]}; ` +
      `"respite check ${increment}" shows what can be kept, and "respite check ${increment} --fix" keeps it\n`,
  );
  expect(readFileSync(increment)).toEqual(bytes);

  const report = await runToEnd(['check', increment]);
  expect(report.code).toBe(1);
  expect(report.out).toContain(`at byte ${ends[0]}`);
  expect((await runToEnd(['check', increment, '--fix'])).code).toBe(0);
  expect(readdirSync(join(dir, 'journal'))).toContain('increment.1.damaged-1');
  expect(readFileSync(`${increment}.damaged-1`)).toEqual(bytes);

  const program = await Program.start(args(dir));
  const client = await RawClient.connect(program.port);
  // The last SET is there, though the one before is lost.
  await client.expect(`SESSION.GET ${TOKEN} n\r\n`, '$1\r\n2\r\n');
  client.close();
  await program.stop();
});
