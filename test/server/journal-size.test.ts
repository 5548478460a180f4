import { afterEach, expect, it } from 'vitest';
import { connectTo, startServer, stopServers } from '../embedded-server.js';
import { temporaryDirectory } from '../journal/temporary-directory.js';
import type { RawClient } from '../raw-client.js';
import { ask, askWith } from './ask.js';

afterEach(stopServers);

const TOKEN = 'AAECAwQFBgcICQoLDA0ODw';

async function start(): Promise<RawClient> {
  return connectTo(await startServer({ appendonly: true, appendfsync: 'no', dir: temporaryDirectory() }));
}

/** Returns the size of the journal in bytes, including what has not been written yet. */
async function journalSize(client: RawClient): Promise<number> {
  const info = await ask(client, 'INFO persistence');
  return Number(/aof_current_size:(\d+)/.exec(info)?.[1]);
}

it('the journal grows by what is appended to a value or written into it, not by the complete value', async () => {
  const client = await start();
  await ask(client, `SESSION.NEW user 0 TOKEN ${TOKEN}`);
  const large = Buffer.alloc(2_000_000, 'large');
  await askWith(client, 'SET', 'string', large);
  await askWith(client, 'SESSION.SET', TOKEN, 'k', large);
  const before = await journalSize(client);
  for (let i = 1; i <= 40; i++) {
    expect(await ask(client, 'APPEND string x')).toBe(String(large.length + i));
    expect(await ask(client, `SETRANGE string ${i * 1000} y`)).toBe(String(large.length + i));
    expect(await ask(client, `SESSION.APPEND ${TOKEN} k x`)).toBe(String(large.length + i));
  }
  expect((await journalSize(client)) - before).toBeLessThan(3 * 40 * 200);
});

it('the journal grows by the new tokens of a session, not by the session and its old tokens', async () => {
  const client = await start();
  await ask(client, `SESSION.NEW user 0 TOKEN ${TOKEN} DATA k ${'v'.repeat(5000)}`);
  const before = await journalSize(client);
  let token = TOKEN;
  for (let i = 0; i < 300; i++) token = await ask(client, `SESSION.ROTATE ${token} GRACE 1000`);
  expect((await journalSize(client)) - before).toBeLessThan(300 * 250);
});
