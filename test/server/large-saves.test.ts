import { createHash } from 'node:crypto';
import { cpSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { NO_SESSION, type Session } from '../../src/engine/index.js';
import type { Config, Server } from '../../src/index.js';
import { Slice } from '../../src/slice.js';
import { connectTo, keepLog, startServer, stopServers } from '../embedded-server.js';
import { temporaryDirectory } from '../journal/temporary-directory.js';
import type { RawClient } from '../raw-client.js';
import { ask, askWith } from './ask.js';
import { HeldDisk } from './held-disk.js';
import { batchesIn } from './journal-records.js';

afterEach(async () => {
  vi.restoreAllMocks();
  await stopServers();
});

const TOKEN = 'AAECAwQFBgcICQoLDA0ODw';
const MB = 1024 * 1024;

interface Running {
  readonly server: Server;
  readonly client: RawClient;
  readonly lines: readonly string[];
}

async function start(config: Partial<Config>): Promise<Running> {
  const log = keepLog();
  const server = await startServer({ appendfsync: 'no', ...config }, { log });
  return { server, client: await connectTo(server), lines: log.lines };
}

const value = (seed: string, length: number) => Buffer.alloc(length, `${seed} 0123456789 `);

/** A session of 6 MB: a few large values, and many small ones. */
async function fill(client: RawClient): Promise<void> {
  await ask(client, `SESSION.NEW basket 9000 TOKEN ${TOKEN}`);
  for (const key of ['a', 'b']) await askWith(client, 'SESSION.SET', TOKEN, key, value(key, 2 * MB + 17));
  const small = Array.from({ length: 2000 }, (_, i) => [`key ${i}`, value(String(i), 1000)]).flat();
  await askWith(client, 'SESSION.SET', TOKEN, ...small);
  await askWith(client, 'SET', 'text', value('text', 3 * MB));
}

/**
 * Changes the large sessions while they are written.
 * @param after Called after each change.
 */
async function change(client: RawClient, round: number, after: () => void = () => {}): Promise<void> {
  const changes = [
    ['SESSION.APPEND', TOKEN, 'a', `appended ${round}`],
    ['SETRANGE', 'text', String(round * 70_000), `written ${round}`],
    ['SESSION.SET', TOKEN, `key ${round}`, `set ${round}`, `new ${round}`, 'x'],
    ['SESSION.DEL', TOKEN, `new ${round - 1}`],
    ...(round === 3 ? [['SESSION.SET', TOKEN, 'b', value('another b', MB)]] : []),
  ];
  for (const request of changes) {
    await askWith(client, ...request);
    after();
  }
}

/** Returns a checksum of everything that the large sessions contain. */
function seen({ engine }: Server): { session: string; text: string } {
  const sum = (session: Session) => {
    const data: string[] = [];
    engine.data.peek(session, (key, value) => data.push(`${key.latin1()}: ${value.latin1()}`));
    return createHash('sha256').update(data.sort().join()).digest('hex');
  };
  return { session: sum(engine.find(Slice.of(TOKEN))), text: sum(engine.findShared(Slice.of('text'))) };
}

describe('a session of some MB', () => {
  it('survives a compaction, and so do changes to it meanwhile', async () => {
    const dir = temporaryDirectory();
    const { server, client, lines } = await start({ appendonly: true, dir });
    await fill(client);
    await ask(client, 'BGREWRITEAOF');
    let rounds = 0;
    while (!lines.some((line) => line.startsWith('compacted'))) await change(client, ++rounds);
    expect(rounds).toBeGreaterThan(0);
    await change(client, ++rounds);
    const before = seen(server);
    await server.close();
    // No batch has the complete session.
    const batches = await batchesIn(dir, 'base.3');
    expect(batches.filter((names) => names.includes('WRITE')).length).toBeGreaterThan(10);
    const again = await start({ appendonly: true, dir });
    expect(seen(again.server)).toEqual(before);
  });

  it('is saved in the state of one moment, and loaded again', async () => {
    const dir = temporaryDirectory();
    const { server, client, lines } = await start({ dir });
    await fill(client);
    const saver = await connectTo(server);
    const saving = ask(saver, 'SESSION.SAVE large');
    /** The states after each change. */
    const states = [seen(server)];
    let rounds = 0;
    while (!lines.some((line) => line.startsWith('saved'))) {
      await change(client, ++rounds, () => states.push(seen(server)));
    }
    expect(await saving).toContain('sessions 2');
    await ask(client, 'FLUSHALL');
    expect(await ask(client, 'SESSION.LOAD large')).toContain('sessions 2');
    const loaded = seen(server);
    expect(states.map(({ session }) => session)).toContain(loaded.session);
    expect(states.map(({ text }) => text)).toContain(loaded.text);
    expect(await ask(client, 'SESSION.LOAD large')).toContain('sessions 0 keys 0 skipped 2');
    expect(await ask(client, 'SESSION.STATS')).toContain('sessions 2');
  });

  it('is not saved if it ends before it is completely written', async () => {
    const disk = new HeldDisk();
    const { server, client } = await start({ dir: temporaryDirectory() });
    await fill(client);
    await ask(client, 'SESSION.NEW other 0');
    const saver = await connectTo(server);
    const saving = ask(saver, 'SESSION.SAVE large');
    while (disk.written < 100_000) await new Promise((resolve) => setImmediate(resolve));
    disk.holdWrites();
    await ask(client, `SESSION.END ${TOKEN}`);
    disk.release();
    expect(await saving).toContain('sessions 2');
    await ask(client, 'FLUSHALL');
    expect(await ask(client, 'SESSION.LOAD large')).toContain('sessions 2 keys 1');
    expect(await ask(client, `SESSION.EXISTS ${TOKEN}`)).toBe('0');
    expect(await ask(client, 'STRLEN text')).toBe(String(3 * MB));
  });

  it('is loaded into the journal, from which a restart restores it; nothing of it is restored from an unfinished load', async () => {
    const dir = temporaryDirectory();
    const disk = new HeldDisk();
    const { server, client } = await start({ appendonly: true, appendfsync: 'always', dir });
    await fill(client);
    const before = seen(server);
    await ask(client, 'SESSION.SAVE large');
    await ask(client, 'FLUSHALL');
    const { written } = disk;
    const loading = ask(await connectTo(server), 'SESSION.LOAD large');
    let copy: string | undefined;
    while (copy === undefined) {
      await new Promise((resolve) => setImmediate(resolve));
      if (disk.written > written + MB) {
        expect(server.engine.stats()).toMatchObject({ sessions: 0, keys: 0, bytes: 0 });
        expect(server.engine.find(Slice.of(TOKEN))).toBe(NO_SESSION);
        copy = temporaryDirectory();
        cpSync(dir, copy, { recursive: true });
      }
    }
    expect(await loading).toContain('sessions 2');
    expect(seen(server)).toEqual(before);
    await server.close();
    const again = await start({ appendonly: true, dir });
    expect(seen(again.server)).toEqual(before);
    await ask(again.client, 'BGREWRITEAOF');
    const half = await start({ appendonly: true, dir: copy });
    expect((await batchesIn(copy)).flat()).toContain('PREPARED');
    expect(await ask(half.client, 'SESSION.STATS')).toContain('sessions 0 keys 0 bytes 0');
  });
});
