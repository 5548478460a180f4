import { renameSync, rmSync } from 'node:fs';
import { afterEach, expect, it } from 'vitest';
import type { SyncPolicy } from '../../src/journal/index.js';
import { connectTo, keepLog, startServer, stopServers } from '../embedded-server.js';
import { temporaryDirectory } from '../journal/temporary-directory.js';
import { ask } from './ask.js';
import { StandingClock } from './held-disk.js';

afterEach(stopServers);

const GONE = /is not there any more: put it back or, to keep what is in memory, use SESSION.SAVE/;

/** Lets time pass, and everything under way arrive, until `condition` holds. */
async function until(clock: StandingClock, condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) {
    clock.advance(100);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

it.each<SyncPolicy>(['everysec', 'no'])(
  'appendfsync %s: changes are refused once the directory is moved away, and taken when it is back',
  async (appendfsync) => {
    const dir = temporaryDirectory();
    const [clock, log] = [new StandingClock(), keepLog()];
    const config = { appendonly: true, appendfsync, dir };
    const server = await startServer(config, { clock, log });
    const client = await connectTo(server);
    await ask(client, 'SET before 1');
    renameSync(dir, `${dir}.moved`);
    await until(clock, async () => (await ask(client, 'SET meanwhile 1')).startsWith('MISCONF'));
    expect(log.lines).toContainEqual(expect.stringMatching(GONE));
    expect(await ask(client, 'GET before')).toBe('1');
    renameSync(`${dir}.moved`, dir);
    await until(clock, async () => (await ask(client, 'SET after 1')) === 'OK');
    expect(log.lines).toContainEqual(expect.stringContaining('the journal can be written again: changes are accepted'));
    client.close();
    await server.close();
    const again = await connectTo(await startServer(config));
    expect(await ask(again, 'MGET before after')).toBe('1 1');
  },
);

it('appendfsync always: nothing is acknowledged once the directory is gone, and what is in memory can be saved', async () => {
  const dir = temporaryDirectory();
  const [clock, log] = [new StandingClock(), keepLog()];
  const server = await startServer({ appendonly: true, appendfsync: 'always', dir }, { clock, log });
  const [client, other] = [await connectTo(server), await connectTo(server)];
  expect(await ask(client, 'SET before 1')).toBe('OK');
  rmSync(dir, { recursive: true });
  await client.send('SET k v\r\n');
  await until(clock, async () => log.lines.some((line) => GONE.test(line)));
  expect(client.socket.bytesRead).toBe('+OK\r\n'.length);
  expect(await ask(other, 'SET l v')).toMatch(GONE);
  expect(await ask(other, 'SESSION.SAVE rescued')).toContain('sessions 2');
  const saved = await connectTo(await startServer({ dir }));
  await ask(saved, 'SESSION.LOAD rescued');
  expect(await ask(saved, 'MGET before k')).toBe('1 v');
  let isStopped = false;
  void server.stop().then(() => {
    isStopped = true;
  });
  await until(clock, async () => isStopped);
  expect(server.lostChanges).toBe(true);
  expect(log.lines).toContainEqual(expect.stringMatching(/1 change lost: /));
});
