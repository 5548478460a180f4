import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { LiveEvents, LiveSnapshot } from '../../../src/http/live/live-data.js';
import type { Config } from '../../../src/index.js';
import { connectTo, startServer, stopServers } from '../../embedded-server.js';
import { FakeClock } from '../../fake-clock.js';
import { temporaryDirectory } from '../../journal/temporary-directory.js';
import { askWith } from '../../server/ask.js';
import { diskFull, HeldDisk } from '../../server/held-disk.js';
import { turnEventLoop } from '../../turn-event-loop.js';
import { basic, send } from '../send.js';
import { LiveReader } from './live-reader.js';

const readers: LiveReader[] = [];

afterEach(async () => {
  for (const reader of readers.splice(0)) reader.close();
  HeldDisk.repairAll();
  vi.restoreAllMocks();
  await stopServers();
});

/** Starts a server on the test's clock. */
async function start(config: Partial<Config> = {}) {
  const clock = new FakeClock();
  const server = await startServer({ 'http-port': 0, ...config }, { clock });
  const client = await connectTo(server);
  return {
    clock,
    server,
    client,
    ask: (...request: (string | Buffer)[]) => askWith(client, ...request),
    watch: async (headers = {}) => {
      const reader = await LiveReader.open(server, headers);
      readers.push(reader);
      return reader;
    },
  };
}

/** Returns a configuration with users. */
function usersFile(...lines: string[]): Partial<Config> {
  const file = join(temporaryDirectory(), 'users');
  writeFileSync(file, lines.join('\n'));
  return { 'users-file': file };
}

const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);

describe('GET /live', () => {
  it('says first what does not change, then sends the state of the server once a second', async () => {
    const { clock, ask, watch } = await start({ maxmemory: 1e9, 'maxmemory-policy': 'allsessions-lru' });
    const reader = await watch();
    expect(reader.status).toBe(200);
    expect(reader.response.headers).toMatchObject({ 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    const hello = await reader.next('hello');
    expect(reader.text).toMatch(/^retry: \d+\nevent: hello\n/);
    expect(hello).toMatchObject({
      user: 'default',
      permissions: ['read', 'write', 'events', 'admin', 'monitor'],
      started: clock.wall(),
      wheel: { tickMs: 10, slots: 65_536, segments: 256, minutePartMs: 500 },
    });
    expect(await reader.next('snapshot')).toMatchObject({
      at: clock.wall(),
      uptimeMs: 0,
      ready: true,
      notReady: [],
      sessions: 0,
      names: 0,
      persistence: { on: false },
      lateness: { overMs: 300_000, count: 0, p50: 0, p99: 0, max: 0 },
      connections: { clients: 1, subscribers: 0, rejected: 0, watchers: 1 },
    });

    // How late the event loop is gets measured after a second.
    clock.advance(1000);
    expect((await reader.next('snapshot')).eventLoopDelay).toEqual({ p50: 0, p99: 0, max: 0 });
    const token = await ask('SESSION.NEW', 'user:1', '1', 'EXTEND', 'GET');
    await ask('SESSION.NEW', 'user:2', '1', '0', 'DATA', 'a', 'b');
    await ask('SESSION.GET', token, 'a');
    await ask('SESSION.ROTATE', token);
    await ask('SESSION.END', token);
    await ask('SESSION.NEW', 'user:1');
    await ask('SESSION.END', await ask('SESSION.NEW', 'user:3'));
    // A busy event loop: the sessions expire late.
    clock.freeze(1250);
    clock.advance(0);
    expect((await reader.next('snapshot')).eventLoopDelay).toMatchObject({ max: 1210 });
    clock.advance(1000);
    const { totals, ...snapshot } = await reader.next('snapshot');
    expect(totals).toMatchObject({
      created: 4,
      extended: 1,
      rotated: 1,
      expired: 1,
      cleared: 1,
      ended: 1,
      evicted: 0,
      commands: 8,
      errors: 0,
    });
    expect(snapshot).toMatchObject({
      at: clock.wall(),
      uptimeMs: 3250,
      sessions: 2,
      names: 2,
      lateness: { count: 2, p50: 250, max: 250 },
      memory: { limit: 1e9, policy: 'allsessions-lru' },
      eventLoopDelay: { p50: 0, max: 1210 },
    });
    const { used, parts } = snapshot.memory;
    expect(used).toBe(parts.startup + parts.sessions + parts.clients);
  });

  it('shows the wheel: timers by segment, this round and later, and what is due soon', async () => {
    const { clock, ask, watch } = await start();
    for (const seconds of [1, 5, 59, 600, 1000]) await ask('SESSION.NEW', 'x', String(seconds));
    await ask('SESSION.NEW', 'x');
    const reader = await watch();
    const { wheel } = await reader.next('snapshot');
    expect(wheel).toMatchObject({ at: clock.wall(), timers: 5, dueIn1s: 0, dueIn10s: 2, dueIn60s: 3 });
    expect([sum(wheel.thisRound), sum(wheel.laterRounds)]).toEqual([4, 1]);
    const segment = (seconds: number) => Math.floor(((clock.now() + seconds * 1000) / 10 / 256) % 256);
    expect(wheel.hand).toBe(Math.floor(clock.now() / 10));
    expect(wheel.thisRound[segment(600)]).toBe(1);
    expect(wheel.laterRounds[segment(1000)]).toBe(1);
    expect(wheel.minute.map((count, part) => [part / 2, count]).filter(([, count]) => count > 0)).toEqual([
      [1, 1],
      [5, 1],
      [59, 1],
    ]);
    clock.advance(1000);
    expect((await reader.next('snapshot')).wheel).toMatchObject({ timers: 4, dueIn10s: 1 });
  });

  it('counts refused commands by code, and says which commands are slow', async () => {
    const { clock, ask, watch } = await start({ 'slowlog-log-slower-than': 500, requirepass: 'secret' });
    const auth = basic('default', 'secret');
    const reader = await watch(auth);
    const { totals, slowlog } = await reader.next('snapshot');
    expect(totals.errors).toBe(0);
    expect(sum(Object.values(totals.errorCodes))).toBe(0);
    expect(slowlog).toEqual({ fromMs: 0.5, entries: [] });
    expect(await ask('GET', 'x')).toMatch(/^NOAUTH/);
    expect(await ask('AUTH', 'wrong')).toMatch(/^WRONGPASS/);
    await ask('AUTH', 'secret');
    for (let i = 0; i < 2; i++) expect(await ask('SESSION.SET', 'gone', 'key', 'value')).toMatch(/^NOSESSION/);
    await ask('CONFIG', 'SET', 'slowlog-log-slower-than', '-1');
    clock.advance(1000);
    const after = await reader.next('snapshot');
    expect(after.totals).toMatchObject({ errors: 4, errorCodes: { NOAUTH: 1, WRONGPASS: 1, NOSESSION: 2, OOM: 0 } });
    expect(after.slowlog).toEqual({ entries: [] });
  });

  it('sends what happens to sessions, with names of any bytes, and never a token', async () => {
    const { clock, ask, watch } = await start({ 'slowlog-log-slower-than': 0 });
    const reader = await watch();
    await reader.next('snapshot');
    const first = await ask('SESSION.NEW', 'user:ada', '2', 'EXTEND', 'BOTH', 'DATA', 'cart', 'pizza');
    const second = await ask('SESSION.ROTATE', first, 'GRACE', '1');
    await ask('SESSION.GETALL', second);
    const shared = await ask('SESSION.NEW', Buffer.from([0x80, 0xff]), '0', 'SHARED');
    await ask('SESSION.END', shared);
    clock.advance(0);
    const events = async () => (await reader.next('sessions')).entries.map(({ event, name }) => [event, name]);
    expect(await events()).toEqual([
      ['new', 'user:ada'],
      ['rotated', 'user:ada'],
      ['new', { base64: 'gP8=' }],
      ['ended', { base64: 'gP8=' }],
    ]);
    clock.advance(2000);
    const { entries, omitted } = await reader.next('sessions');
    expect(omitted).toBe(0);
    expect(entries).toEqual([{ at: clock.wall(), event: 'expired', name: 'user:ada' }]);
    const { slowlog } = await reader.next('snapshot').then(() => reader.next('snapshot'));
    expect(slowlog.entries.map(({ words }) => words.join(' '))).toContain('SESSION.ROTATE (redacted) GRACE 1');
    for (const token of [first, second, shared]) expect(reader.text).not.toContain(token);
  });

  it('shows the journal: its size, the latest fsync, and why a write failed', async () => {
    const disk = new HeldDisk();
    const config = { appendonly: true, appendfsync: 'always', dir: temporaryDirectory(), 'http-port': 0 } as const;
    const server = await startServer(config);
    const client = await connectTo(server);
    const before = Date.now();
    await askWith(client, 'SESSION.NEW', 'x');
    const reader = await LiveReader.open(server);
    readers.push(reader);
    const { at, persistence } = await reader.next('snapshot');
    if (!persistence.on) throw new Error('persistence is off');
    expect(persistence).toMatchObject({ policy: 'always', error: '', compaction: { lastSucceeded: true } });
    expect(persistence.size).toBeGreaterThan(0);
    expect(persistence.fsync?.ms).toBeGreaterThanOrEqual(0);
    expect(persistence.fsync?.at).toBeGreaterThanOrEqual(before - 1);
    expect(persistence.fsync?.at).toBeLessThanOrEqual(at + 1);

    disk.failure = diskFull();
    await client.send('SESSION.NEW x\r\n');
    let snapshot: LiveSnapshot;
    do snapshot = await reader.next('snapshot');
    while (snapshot.ready);
    expect(snapshot.notReady).toEqual(['the journal cannot be written, so writes are refused']);
    expect(snapshot.persistence).toMatchObject({ error: expect.stringContaining('ENOSPC') });
    disk.failure = undefined;
    do snapshot = await reader.next('snapshot');
    while (!snapshot.ready);
    expect(snapshot.persistence).toMatchObject({ error: '' });
  });

  it('sends events together, a few of each kind, and says how many it leaves out', async () => {
    const { clock, client, ask, watch } = await start();
    const reader = await watch();
    await reader.next('snapshot');
    await client.send('SESSION.NEW x\r\n'.repeat(25));
    for (let i = 0; i < 25; i++) await client.reply();
    await ask('SESSION.END', await ask('SESSION.NEW', 'y'));
    clock.advance(0);
    const { entries, omitted } = await reader.next('sessions');
    expect(entries.map(({ event }) => event)).toEqual([...Array(10).fill('new'), 'ended']);
    expect(omitted).toBe(16);
    // Not before a quarter of a second has passed.
    await ask('SESSION.NEW', 'z');
    clock.advance(249);
    await turnEventLoop();
    expect(reader.taken('sessions')).toEqual([]);
    clock.advance(1);
    expect((await reader.next('sessions')).entries).toMatchObject([{ event: 'new', name: 'z' }]);
  });

  it('needs the permission monitor, and hides what may be a token in names from users who may not read', async () => {
    const { clock, ask, watch } = await start(
      usersFile('app read,write a', 'guard monitor g', 'support monitor,read,write s'),
    );
    expect((await watch()).status).toBe(401);
    expect((await watch(basic('guard', 'wrong'))).status).toBe(401);
    expect((await watch(basic('app', 'a'))).status).toBe(403);
    const guard = await watch(basic('guard', 'g'));
    const support = await watch(basic('support', 's'));
    expect(await guard.next('hello')).toMatchObject({ user: 'guard', permissions: ['monitor'] });
    expect(await support.next('hello')).toMatchObject({ permissions: ['read', 'write', 'monitor'] });
    await ask('AUTH', 'app', 'a');
    await ask('SESSION.NEW', 'sess:Wm8Kx0mNzkXeoxyH3rPdLA');
    await ask('SESSION.NEW', 'user:ada');
    clock.advance(0);
    const names = async (reader: LiveReader) => (await reader.next('sessions')).entries.map(({ name }) => name);
    expect(await names(guard)).toEqual(['sess:(redacted)', 'user:ada']);
    expect(await names(support)).toEqual(['sess:Wm8Kx0mNzkXeoxyH3rPdLA', 'user:ada']);
  });

  it('a watcher that does not read misses snapshots and events, and learns how many events', async () => {
    const { clock, ask, watch } = await start({ 'slowlog-log-slower-than': 0 });
    // They make a snapshot 40 KB long, so that the system's buffers are soon full.
    for (let i = 0; i < 10; i++) await ask('EXISTS', ...Array(31).fill('some words '.repeat(11)));
    await ask('CONFIG', 'SET', 'slowlog-log-slower-than', '-1');
    const [slow, quick] = [await watch(), await watch()];
    for (const reader of [slow, quick]) await reader.next('snapshot');
    slow.response.pause();
    const SECONDS = 500;
    for (let second = 0; second < SECONDS; second++) {
      await ask('SESSION.NEW', 'x');
      clock.advance(1000);
      await quick.next('snapshot');
    }
    expect(quick.taken('sessions')).toHaveLength(SECONDS);
    slow.response.resume();
    const batches: LiveEvents[] = [];
    let later = 0;
    // Until it keeps up again.
    do {
      await ask('SESSION.NEW', `later:${++later}`);
      clock.advance(1000);
      await turnEventLoop();
      batches.push(...slow.taken('sessions'));
    } while (batches.at(-1)?.entries.at(-1)?.name !== `later:${later}`);
    expect(batches.length).toBeLessThan(SECONDS / 2);
    const known = batches.map(({ entries, omitted }) => entries.length + omitted);
    expect(sum(known)).toBe(SECONDS + later);
  });

  it('costs nothing while nobody watches', async () => {
    const { clock, ask, watch } = await start();
    await ask('SESSION.NEW', 'x');
    const idle = clock.waiting;
    const readers = [await watch(), await watch()];
    for (const reader of readers) await reader.next('snapshot');
    expect(clock.waiting).toBeGreaterThan(idle);
    readers[0].close();
    readers[1].close();
    while (clock.waiting > idle) await turnEventLoop();
    // Nobody collects events either: that would schedule a call.
    await ask('SESSION.NEW', 'x');
    expect(clock.waiting).toBe(idle);
    // And it starts again.
    expect((await (await watch()).next('snapshot')).sessions).toBe(2);
  });

  it('limits the number of watchers, and lets the next one in when one has gone', async () => {
    const { watch } = await start();
    const watching = await Promise.all(Array.from({ length: 64 }, () => watch()));
    const refused = await watch();
    expect([refused.status, refused.response.headers['retry-after']]).toEqual([503, '10']);
    watching[0].close();
    let status: number | undefined;
    do ({ status } = await watch());
    while (status === 503);
    expect(status).toBe(200);
  });

  it('goes on when CONFIG SET gives the server a password, which the next watcher needs', async () => {
    const { clock, ask, watch } = await start();
    const reader = await watch();
    await reader.next('snapshot');
    await ask('CONFIG', 'SET', 'requirepass', 'secret');
    expect((await watch()).status).toBe(401);
    expect((await watch(basic('', 'secret'))).status).toBe(200);
    clock.advance(1000);
    expect((await reader.next('snapshot')).connections.watchers).toBe(2);
  });

  it('ends when the server stops', async () => {
    const { server, watch } = await start();
    const reader = await watch();
    await reader.next('snapshot');
    await Promise.all([server.close(), reader.ended()]);
  });

  it('answers HEAD without watching', async () => {
    const { server, watch } = await start();
    expect(await send(server, '/live', { method: 'HEAD' })).toMatchObject({ status: 200, text: '' });
    expect((await (await watch()).next('snapshot')).connections.watchers).toBe(1);
  });
});
