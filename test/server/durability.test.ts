import { cpSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Config, createServer, type Server } from '../../src/index.js';
import { connectTo, keepLog, startServer, stopServers } from '../embedded-server.js';
import { temporaryDirectory } from '../journal/temporary-directory.js';
import { frame, type RawClient } from '../raw-client.js';
import { running } from '../running.js';
import { turnEventLoop } from '../turn-event-loop.js';
import { diskFull, HeldDisk, StandingClock } from './held-disk.js';
import { batchesIn } from './journal-records.js';

afterEach(async () => {
  HeldDisk.repairAll();
  vi.restoreAllMocks();
  await stopServers();
});

const TOKEN = 'AAECAwQFBgcICQoLDA0ODw';
const OTHER = 'EBESExQVFhcYGRobHB0eHw';
const NEW = frame('SESSION.NEW', 'x', '3600', 'TOKEN', TOKEN);
const CREATED = `$22\r\n${TOKEN}\r\n`;
const NOSESSION = '-NOSESSION no such session\r\n';
const MISCONF = 'MISCONF Errors writing to the AOF file: ENOSPC: no space left on device, write\r\n';

function durable(dir: string, config: Partial<Config> = {}): Partial<Config> {
  return { appendonly: true, appendfsync: 'always', dir, ...config };
}

/** Sends a request that changes something while the disk holds syncs. Checks that no reply comes before the sync. */
async function expectHeld(client: RawClient, disk: HeldDisk, request: string | Buffer): Promise<void> {
  const { bytesRead } = client.socket;
  await client.send(request);
  await disk.syncing();
  await turnEventLoop();
  expect(client.socket.bytesRead).toBe(bytesRead);
}

describe('appendfsync always', () => {
  it.each([
    ['one request', NEW, CREATED],
    ['a pipeline', `PING\r\n${NEW}SESSION.SET ${TOKEN} k v\r\nPING\r\n`, `+PONG\r\n${CREATED}+OK\r\n+PONG\r\n`],
    ['a transaction', `MULTI\r\n${NEW}PING\r\nEXEC\r\n`, `+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n${CREATED}+PONG\r\n`],
    [
      'a request before one that is none',
      `${NEW}*x\r\n`,
      `${CREATED}-ERR Protocol error: invalid multibulk length\r\n`,
    ],
    ['QUIT', `${NEW}QUIT\r\n`, `${CREATED}+OK\r\n`],
  ])('replies once the disk has the change: %s', async (_, request, replies) => {
    const disk = new HeldDisk();
    const client = await connectTo(await startServer(durable(temporaryDirectory()), { clock: new StandingClock() }));
    disk.holdSyncs();
    await expectHeld(client, disk, request);
    disk.release();
    expect(await client.take(replies.length)).toBe(replies);
  });

  it('a waiting client does not stop others from changing something, and all their changes need one sync', async () => {
    const disk = new HeldDisk();
    const server = await startServer(durable(temporaryDirectory()), { clock: new StandingClock() });
    const clients = await Promise.all(Array.from({ length: 5 }, () => connectTo(server)));
    disk.holdSyncs();
    await expectHeld(clients[0], disk, NEW);
    for (const client of clients.slice(1)) await client.send('SESSION.NEW y\r\n');
    while (server.engine.size < 5) await turnEventLoop();
    disk.release({ keep: true });
    expect(await clients[0].take(CREATED.length)).toBe(CREATED);
    await disk.syncing();
    disk.release({ keep: true });
    for (const client of clients.slice(1)) await client.take(CREATED.length);
  });

  it('serves later requests of a waiting client, and replies in order, each as soon as the disk has its change', async () => {
    const disk = new HeldDisk();
    const server = await startServer(durable(temporaryDirectory()), { clock: new StandingClock() });
    const client = await connectTo(server);
    disk.holdSyncs();
    await expectHeld(client, disk, NEW);
    await expectHeld(client, disk, `SESSION.NEW y\r\nPING\r\n`);
    await expectHeld(client, disk, `SESSION.SET ${TOKEN} k v\r\n`);
    expect(server.engine.size).toBe(2);
    disk.release({ keep: true });
    expect(await client.take(CREATED.length)).toBe(CREATED);
    await disk.syncing();
    const { bytesRead } = client.socket;
    expect(bytesRead).toBe(CREATED.length);
    disk.release();
    await client.take(CREATED.length);
    expect(await client.take(12)).toBe('+PONG\r\n+OK\r\n');
  });

  it.each([
    ['QUIT', (client: RawClient) => client.send('QUIT\r\n'), '+OK\r\n'],
    ['the end of its side', async (client: RawClient) => void client.socket.end(), ''],
    ['a fault', (client: RawClient) => client.send('*x\r\n'), '-ERR Protocol error: invalid multibulk length\r\n'],
  ])('answers a waiting client before it leaves: %s', async (_, leave, last) => {
    const disk = new HeldDisk();
    const client = await connectTo(await startServer(durable(temporaryDirectory()), { clock: new StandingClock() }));
    disk.holdSyncs();
    await expectHeld(client, disk, NEW);
    await expectHeld(client, disk, 'PING\r\n');
    await leave(client);
    await turnEventLoop();
    disk.release();
    expect(await client.takeAll()).toBe(`${CREATED}+PONG\r\n${last}`);
  });

  it('sends a waiting client its messages after the replies before them', async () => {
    const disk = new HeldDisk();
    const server = await startServer(durable(temporaryDirectory()), { clock: new StandingClock() });
    const [client, other] = [await connectTo(server), await connectTo(server)];
    await client.send('HELLO 3\r\n');
    await client.takeUntil('modules\r\n*0\r\n');
    disk.holdSyncs();
    await expectHeld(client, disk, NEW);
    await expectHeld(client, disk, 'SUBSCRIBE news\r\n');
    await other.send('PUBLISH news x\r\n');
    await turnEventLoop();
    await expectHeld(client, disk, 'PING\r\n');
    disk.release();
    const replies = [
      CREATED,
      '>3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n',
      '+PONG\r\n',
      '>3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$1\r\nx\r\n',
    ].join('');
    expect(await client.take(replies.length)).toBe(replies);
  });

  it('reads nothing more from a client that has many bytes of replies waiting', async () => {
    const disk = new HeldDisk();
    const config = durable(temporaryDirectory(), { 'client-reply-backlog': 16 * 1024 });
    const server = await startServer(config, { clock: new StandingClock() });
    const client = await connectTo(server);
    await client.expect(frame('SESSION.NEW', 'x', '3600', 'TOKEN', TOKEN, 'DATA', 'k', 'v'.repeat(20_000)), CREATED);
    disk.holdSyncs();
    await expectHeld(client, disk, `SESSION.SET ${TOKEN} n 1\r\n`);
    await client.send(`SESSION.GET ${TOKEN} k\r\n`);
    await client.send('SESSION.NEW y\r\n');
    await turnEventLoop();
    expect(server.engine.size).toBe(1);
    disk.release();
    expect(await client.take(5)).toBe('+OK\r\n');
    expect(await client.reply()).toBe('v'.repeat(20_000));
    await client.take(CREATED.length);
    expect(server.engine.size).toBe(2);
  });

  it('does not reveal what another client did before the disk has it', async () => {
    const disk = new HeldDisk();
    const server = await startServer(durable(temporaryDirectory()), { clock: new StandingClock() });
    const [client, other] = [await connectTo(server), await connectTo(server)];
    await client.expect(NEW, CREATED);
    disk.holdSyncs();
    await expectHeld(client, disk, `SESSION.END ${TOKEN}\r\n`);
    // It would learn that the session is gone, and a crash would bring the session back.
    await expectHeld(other, disk, `SESSION.GET ${TOKEN} key\r\n`);
    disk.release();
    expect(await client.take(4)).toBe(':1\r\n');
    expect(await other.take(NOSESSION.length)).toBe(NOSESSION);
  });

  it('does not reveal an expiry before the disk has it', async () => {
    const disk = new HeldDisk();
    const clock = new StandingClock();
    const client = await connectTo(await startServer(durable(temporaryDirectory()), { clock }));
    await client.expect(NEW, CREATED);
    disk.holdSyncs();
    clock.freeze(3_600_000);
    await expectHeld(client, disk, `SESSION.GET ${TOKEN} key\r\n`);
    disk.release();
    expect(await client.take(NOSESSION.length)).toBe(NOSESSION);
  });

  it('a waiting client gets its reply if the policy changes meanwhile', async () => {
    const disk = new HeldDisk();
    const server = await startServer(durable(temporaryDirectory()), { clock: new StandingClock() });
    const [client, other] = [await connectTo(server), await connectTo(server)];
    disk.holdSyncs();
    await expectHeld(client, disk, NEW);
    await other.send('CONFIG SET appendfsync no\r\nSESSION.NEW y\r\n');
    while (server.engine.size < 2) await turnEventLoop();
    disk.release();
    expect(await client.take(CREATED.length)).toBe(CREATED);
    expect(await other.take(5)).toBe('+OK\r\n');
  });

  it('a client that is killed meanwhile does not affect others', async () => {
    const disk = new HeldDisk();
    const server = await startServer(durable(temporaryDirectory()), { clock: new StandingClock() });
    const [client, other] = [await connectTo(server), await connectTo(server)];
    disk.holdSyncs();
    await expectHeld(client, disk, NEW);
    client.close();
    await turnEventLoop();
    disk.release();
    await other.expect(`SESSION.EXISTS ${TOKEN}\r\n`, ':1\r\n');
  });
});

describe('the journal', () => {
  it('has one batch for a transaction, and one for a pipeline', async () => {
    const dir = temporaryDirectory();
    const client = await connectTo(await startServer(durable(dir), { clock: new StandingClock() }));
    await client.expect(
      `MULTI\r\n${NEW}SESSION.SET ${TOKEN} k v\r\nSESSION.END ${TOKEN}\r\n`,
      `+OK\r\n${'+QUEUED\r\n'.repeat(3)}`,
    );
    await client.expect('EXEC\r\n', `*3\r\n${CREATED}+OK\r\n:1\r\n`);
    await client.expect(`${NEW}SESSION.DEL ${TOKEN} k\r\nSESSION.SET ${TOKEN} a 1 b 2\r\n`, `${CREATED}:0\r\n+OK\r\n`);
    expect(await batchesIn(dir)).toEqual([
      ['SESSION', 'SET', 'GONE'],
      ['SESSION', 'SET', 'SET'],
    ]);
  });

  it('contains the deadline of a session that reads extend at most once per twentieth of its duration', async () => {
    const dir = temporaryDirectory();
    const clock = new StandingClock();
    const client = await connectTo(await startServer(durable(dir), { clock }));
    await client.expect(frame('SESSION.NEW', 'x', '1000', 'EXTEND', 'GET', 'TOKEN', TOKEN, 'DATA', 'k', 'v'), CREATED);
    for (let i = 0; i < 1000; i++) {
      clock.freeze(1000);
      await client.expect(`SESSION.GET ${TOKEN} k\r\n`, '$1\r\nv\r\n');
    }
    const records = (await batchesIn(dir)).flat();
    expect(records[0]).toBe('SESSION');
    expect(new Set(records.slice(1))).toEqual(new Set(['DEADLINE']));
    expect(records.length - 1).toBeLessThanOrEqual(20);
    expect(records.length - 1).toBeGreaterThanOrEqual(18);
  });

  it.each([2, 60, 86_400])(
    'after a crash a session of %i s ends no earlier, and later by at most a tenth or a second',
    async (ttl) => {
      const clock = new StandingClock();
      const dir = temporaryDirectory();
      const client = await connectTo(await startServer(durable(dir), { clock }));
      await client.expect(
        frame('SESSION.NEW', 'x', String(ttl), 'EXTEND', 'GET', 'TOKEN', TOKEN, 'DATA', 'k', 'v'),
        CREATED,
      );
      for (const share of [0, 0.01, 0.04, 0.3, 0.049, 0.9, 0.06]) {
        clock.freeze(share * ttl * 1000);
        await client.expect(`SESSION.GET ${TOKEN} k\r\n`, '$1\r\nv\r\n');
        const left = await crash(dir, clock);
        expect(left).toBeGreaterThanOrEqual(ttl * 1000);
        expect(left).toBeLessThanOrEqual(ttl * 1000 + Math.max(ttl * 100, 1000) + 3);
      }
    },
  );

  it('keeps the deadline of a session that is never extended, however often it is loaded', async () => {
    const clock = new StandingClock();
    const dir = temporaryDirectory();
    const config = durable(dir);
    const first = await startServer(config, { clock });
    await (await connectTo(first)).expect(frame('SESSION.NEW', 'x', '100', 'TOKEN', TOKEN), CREATED);
    await first.close();
    for (let restarts = 1; restarts <= 5; restarts++) {
      const server = await startServer(config, { clock });
      const client = await connectTo(server);
      await client.send(`SESSION.PTTL ${TOKEN}\r\n`);
      const left = Number((await client.takeUntil('\r\n')).slice(1));
      expect(left).toBeGreaterThanOrEqual(100_000);
      expect(left).toBeLessThanOrEqual(100_003);
      await server.close();
    }
  });
});

/** Returns how many ms a session has left when a server starts with what a crash right now would leave. */
async function crash(dir: string, clock: StandingClock): Promise<number> {
  const copy = temporaryDirectory();
  cpSync(join(dir, 'journal'), join(copy, 'journal'), { recursive: true });
  const server = await startServer(durable(copy), { clock });
  const client = await connectTo(server);
  await client.send(`SESSION.PTTL ${TOKEN}\r\n`);
  const left = Number((await client.takeUntil('\r\n')).slice(1));
  client.close();
  await server.close();
  return left;
}

describe('when the disk is full', () => {
  async function fill(config: Partial<Config> = {}) {
    const disk = new HeldDisk();
    const clock = new StandingClock();
    const log = keepLog();
    const dir = temporaryDirectory();
    const server = await startServer(durable(dir, config), { clock, log });
    const [client, other] = [await connectTo(server), await connectTo(server)];
    await client.expect(frame('SESSION.NEW', 'x', '3600', 'EXTEND', 'GET', 'TOKEN', TOKEN, 'DATA', 'k', 'v'), CREATED);
    await client.expect(`MULTI\r\nSESSION.SET ${TOKEN} k w\r\n`, '+OK\r\n+QUEUED\r\n');
    disk.failure = diskFull();
    return { disk, clock, log, dir, server, client, other };
  }

  it('with always: writes are refused, reads continue, and writes succeed again when there is room', async () => {
    const { disk, clock, log, server, dir, client, other } = await fill();
    const first = await connectTo(server);
    await first.send(`SESSION.SET ${TOKEN} first 1\r\n`);
    while (log.lines.length < 2) await turnEventLoop();
    expect(log.lines[1]).toMatch(
      /^the journal in \S+ cannot be written, so changes are refused for now: ENOSPC: no space left on device, write$/,
    );
    await other.expect(`SESSION.SET ${TOKEN} k v2\r\n`, `-${MISCONF}`);
    await other.expect('SESSION.NEW y\r\n', `-${MISCONF}`);
    // The same happens to what was queued before.
    await client.expect('EXEC\r\n', `-EXECABORT Transaction discarded because of: ${MISCONF}`);
    // A read that extends the session writes a record, which waits in memory.
    clock.freeze(600_000);
    await other.expect(`SESSION.GET ${TOKEN} k\r\n`, '$1\r\nv\r\n');
    await other.expect('MULTI\r\nPING\r\nEXEC\r\n', '+OK\r\n+QUEUED\r\n*1\r\n+PONG\r\n');
    expect(first.socket.bytesRead).toBe(0);

    disk.failure = undefined;
    clock.advance(1000);
    // The write that was under way was neither refused nor acknowledged.
    expect(await first.take(5)).toBe('+OK\r\n');
    while (!log.lines.some((line) => line.includes('can be written again'))) await turnEventLoop();
    expect(log.lines).toContainEqual(
      expect.stringMatching(/^the journal can be written again: changes are accepted; it could not for \d+ s$/),
    );
    await other.expect(`SESSION.SET ${TOKEN} k v2\r\n`, '+OK\r\n');

    await server.close();
    const next = await connectTo(await startServer(durable(dir), { clock }));
    await next.expect(`SESSION.MGET ${TOKEN} k first\r\n`, '*2\r\n$2\r\nv2\r\n$1\r\n1\r\n');
    await next.send(`SESSION.PTTL ${TOKEN}\r\n`);
    expect(Number((await next.takeUntil('\r\n')).slice(1))).toBeGreaterThan(3_590_000);
  });

  it('commands of scripts that write are refused, and scripts that read go on', async () => {
    const { disk, clock, log, server, other } = await fill();
    await (await connectTo(server)).send(`SESSION.SET ${TOKEN} first 1\r\n`);
    while (log.lines.length < 2) await turnEventLoop();
    const run = async (script: string) => {
      await other.send(frame('EVAL', script, '1', TOKEN));
      return other.takeUntil('\r\n');
    };
    const refused = MISCONF.trimEnd();
    expect(await run("return redis.call('SESSION.SET', KEYS[1], 'k', 'w')")).toMatch(
      new RegExp(`^-${refused} script: \\w{40}, on @user_script:1\\.\r\n$`),
    );
    expect(await run("return redis.pcall('SET', 'plain', 'v').err")).toBe(`$${refused.length}\r\n`);
    await other.expect('', `${refused}\r\n`);
    expect(await run('#!lua\nreturn 1')).toMatch(/^-MISCONF /);
    expect(await run("return redis.call('SESSION.GET', KEYS[1], 'k')")).toBe('$1\r\n');
    await other.expect('', 'v\r\n');
    disk.failure = undefined;
    clock.advance(1000);
    while (!log.lines.some((line) => line.includes('can be written again'))) await turnEventLoop();
  });

  it('with everysec: the same', async () => {
    const { disk, clock, log, client, other } = await fill({ appendfsync: 'everysec' });
    await other.expect(`SESSION.SET ${TOKEN} k v1\r\n`, '+OK\r\n');
    // If no reply waits for it, what is appended is gathered for 10 ms.
    clock.advance(10);
    while (log.lines.length < 2) await turnEventLoop();
    await other.expect(`SESSION.SET ${TOKEN} k v2\r\n`, `-${MISCONF}`);
    await client.expect('EXEC\r\n', `-EXECABORT Transaction discarded because of: ${MISCONF}`);
    await other.expect(`SESSION.GET ${TOKEN} k\r\n`, '$2\r\nv1\r\n');
    disk.failure = undefined;
    clock.advance(1000);
    while (!log.lines.some((line) => line.includes('can be written again'))) await turnEventLoop();
    await other.expect(`SESSION.SET ${TOKEN} k v2\r\n`, '+OK\r\n');
  });

  it('a client that only reads does not wait for a failing write of another client', async () => {
    const { disk, clock, log, other, server } = await fill();
    const writer = await connectTo(server);
    disk.failure = undefined;
    disk.holdSyncs();
    await expectHeld(writer, disk, `SESSION.SET ${TOKEN} k 1\r\n`);
    await expectHeld(other, disk, `SESSION.GET ${TOKEN} k\r\nPING\r\n`);
    // Another write is under way, and fails.
    const third = await connectTo(server);
    await third.send(`SESSION.SET ${TOKEN} k 2\r\n`);
    await turnEventLoop();
    disk.failure = diskFull();
    disk.release();
    while (log.lines.length < 2) await turnEventLoop();
    expect(await other.take('$1\r\n1\r\n+PONG\r\n'.length)).toBe('$1\r\n1\r\n+PONG\r\n');
    expect(third.socket.bytesRead).toBe(0);
    // The write is tried again.
    disk.failure = undefined;
    clock.advance(1000);
    expect(await third.take('+OK\r\n'.length)).toBe('+OK\r\n');
  });
});

it('makes clients wait that write faster than the disk, and continues when the disk has caught up', async () => {
  const disk = new HeldDisk();
  const server = await startServer(durable(temporaryDirectory(), { appendfsync: 'no' }));
  const [client, other] = [await connectTo(server), await connectTo(server)];
  await client.expect(NEW, CREATED);
  disk.holdWrites();
  const writes = 100;
  const before = client.socket.bytesRead;
  const request = frame('SESSION.SET', TOKEN, 'k', 'v'.repeat(2 ** 20));
  const sent = client.send(Buffer.concat(Array.from({ length: writes }, () => request)));
  const replies = () => (client.socket.bytesRead - before) / '+OK\r\n'.length;
  while (replies() < 64) await turnEventLoop();
  await turnEventLoop();
  expect(replies()).toBeLessThan(70);
  // Other clients have to wait too.
  await other.expect('PING\r\n', '+PONG\r\n');
  await other.send('PING\r\n');
  await turnEventLoop();
  expect(other.socket.bytesRead).toBe('+PONG\r\n'.length);
  disk.release();
  await sent;
  expect(await client.take(writes * '+OK\r\n'.length)).toBe('+OK\r\n'.repeat(writes));
  expect(await other.take('+PONG\r\n'.length)).toBe('+PONG\r\n');
});

/** Starts a server that listens, with a session in its journal that it cannot read until the disk is released. */
async function startLoading() {
  const dir = temporaryDirectory();
  const first = await startServer(durable(dir));
  await (await connectTo(first)).expect(NEW, CREATED);
  await first.close();

  const disk = new HeldDisk();
  disk.holdReads();
  const server = createServer({ bind: '127.0.0.1', port: 0, ...durable(dir) });
  const listening = server.listen();
  await disk.reading();
  return { dir, disk, server, listening };
}

describe('a restart', () => {
  it('answers LOADING until the sessions are loaded, except to commands about its state', async () => {
    const { disk, server, listening } = await startLoading();
    const client = await connectTo(server);
    const LOADING = '-LOADING Redis is loading the dataset in memory\r\n';
    for (const request of [
      'PING\r\n',
      `SESSION.GET ${TOKEN} k\r\n`,
      'SESSION.NEW y\r\n',
      'DBSIZE\r\n',
      'FLUSHALL\r\n',
      `WATCH ${TOKEN}\r\n`,
    ]) {
      await client.expect(request, LOADING);
    }
    await client.expect('CLIENT SETNAME me\r\nMULTI\r\n', '+OK\r\n+OK\r\n');
    await client.expect('SESSION.NEW y\r\n', LOADING);
    await client.expect('EXEC\r\n', '-EXECABORT Transaction discarded because of previous errors.\r\n');
    expect(await client.bulk('INFO')).toContain('redis_version:');
    await client.send('CONFIG GET appendfsync\r\nCONFIG SET appendfsync always\r\n');
    await client.takeUntil('+OK\r\n');
    disk.release();
    await listening;
    await client.expect(`SESSION.EXISTS ${TOKEN}\r\n`, ':1\r\n');
    await server.close();
  });

  it('applies a memory limit that is set meanwhile once the sessions are loaded', async () => {
    const { dir, disk, server, listening } = await startLoading();
    const client = await connectTo(server);
    await client.expect('CONFIG SET maxmemory 1 maxmemory-policy allsessions-lru\r\n', '+OK\r\n');
    disk.release();
    await listening;
    await client.expect(`SESSION.EXISTS ${TOKEN}\r\n`, ':0\r\n');
    await server.close();
    await (await connectTo(await startServer(durable(dir)))).expect('DBSIZE\r\n', ':0\r\n');
  });

  it('can be stopped while it loads', async () => {
    const { dir, disk, server, listening } = await startLoading();
    const closed = server.close();
    await turnEventLoop();
    // It is still reading there, so no other server may have the directory.
    expect(() => createServer(durable(dir))).toThrow(/another respite/);
    disk.release();
    await listening;
    await closed;
    await (await connectTo(await startServer(durable(dir)))).expect('DBSIZE\r\n', ':1\r\n');
  });

  it('removes sessions that expired meanwhile, and counts them', async () => {
    const dir = temporaryDirectory();
    const clock = new StandingClock();
    const first = await startServer(durable(dir), { clock });
    const client = await connectTo(first);
    for (const ttl of ['10', '20', '30', '0']) await client.bulk('SESSION.NEW', 'x', ttl);
    await client.send(frame('SESSION.NEW', 'cleared', '10', '0', 'TOKEN', TOKEN, 'DATA', 'k', 'v'));
    await client.take(CREATED.length);
    await first.close();
    clock.freeze(20_500);
    const log = keepLog();
    const server = await startServer(durable(dir), { clock, log });
    expect(log.lines).toEqual([
      expect.stringMatching(/^loaded 5 sessions from \d+ bytes in \d+ ms; 3 had expired while the server was down$/),
    ]);
    const next = await connectTo(server);
    // The wheel reaches their deadlines.
    clock.advance(20);
    await next.expect('DBSIZE\r\n', ':3\r\n');
    await next.expect(`SESSION.COUNT ${TOKEN}\r\n`, ':0\r\n');
    expect(server.engine.stats()).toMatchObject({ sessions: 3, expired: 2, cleared: 1 });
    await server.close();
    await (await connectTo(await startServer(durable(dir), { clock }))).expect('DBSIZE\r\n', ':3\r\n');
  });

  it('keeps tokens of shared sessions and old tokens in their grace, and does not bring ended sessions back, twice in a row', async () => {
    const dir = temporaryDirectory();
    let server = await startServer(durable(dir));
    let client = await connectTo(server);
    const shared = await client.bulk('SESSION.NEW', 'basket', '3600', 'SHARED', 'DATA', 'k', 'v');
    await client.expect(NEW, CREATED);
    const rotated = await client.bulk('SESSION.ROTATE', TOKEN, 'GRACE', '600');
    await client.expect(frame('SESSION.NEW', 'y', '3600', 'TOKEN', OTHER), `$22\r\n${OTHER}\r\n`);
    const lone = await client.bulk('SESSION.ROTATE', OTHER);
    const ended = await client.bulk('SESSION.NEW', 'z');
    await client.expect(`SESSION.END ${ended}\r\n`, ':1\r\n');
    for (let restarts = 0; restarts < 2; restarts++) {
      await server.close();
      server = await startServer(durable(dir));
      client = await connectTo(server);
      expect(await client.bulk('SESSION.OPEN', 'basket')).toBe(shared);
      await client.expect(
        `SESSION.MEXISTS ${shared} ${TOKEN} ${rotated} ${OTHER} ${lone} ${ended}\r\n`,
        '*6\r\n:1\r\n:1\r\n:1\r\n:0\r\n:1\r\n:0\r\n',
      );
    }
    await client.expect(`SESSION.END ${shared}\r\n`, ':1\r\n');
    expect(await client.bulk('SESSION.NEW', 'basket', '3600', 'SHARED')).toBe(shared);
  });
});

describe('auto-aof-rewrite', () => {
  it('compacts under load, and loses nothing', async () => {
    const dir = temporaryDirectory();
    const clock = new StandingClock();
    const log = keepLog();
    const config = durable(dir, {
      'auto-aof-rewrite-percentage': 50,
      'auto-aof-rewrite-min-size': 4096,
      appendfsync: 'no',
    });
    const server = await startServer(config, { clock, log });
    const client = await connectTo(server);
    await client.expect(NEW, CREATED);
    const compacted = () => log.lines.filter((line) => line.startsWith('compacted')).length;
    let sum = 0;
    while (compacted() < 3) {
      await client.expect(
        `SESSION.INCRBY ${TOKEN} n 1\r\n`.repeat(100),
        Array.from({ length: 100 }, () => `:${++sum}\r\n`).join(''),
      );
      // The heartbeat checks whether a compaction is due.
      clock.advance(1000);
    }
    while (readdirSync(join(dir, 'journal')).length > 3) await turnEventLoop();
    await server.close();
    expect(log.lines.find((line) => line.startsWith('compacted'))).toMatch(/from \d{4,} to \d+ bytes in \d+ ms$/);
    await (await connectTo(await startServer(config, { clock }))).expect(
      `SESSION.GET ${TOKEN} n\r\n`,
      `$${String(sum).length}\r\n${sum}\r\n`,
    );
  });

  it('is tried again a minute after a failure, which is logged once and does not damage the journal', async () => {
    const dir = temporaryDirectory();
    const clock = new StandingClock();
    const log = keepLog();
    const disk = new HeldDisk();
    const config = durable(dir, { 'auto-aof-rewrite-percentage': 50, 'auto-aof-rewrite-min-size': 0 });
    const server = await startServer(config, { clock, log });
    const client = await connectTo(server);
    await client.expect(NEW, CREATED);
    await turnEventLoop();
    disk.failure = diskFull();
    clock.advance(1000);
    while (log.lines.length < 2) await turnEventLoop();
    expect(log.lines[1]).toBe(`could not compact the journal in ${dir}: ENOSPC: no space left on device, write`);
    // Once is enough.
    await client.expect('BGREWRITEAOF\r\n', '+Background append only file rewriting started\r\n');
    while ((await client.bulk('INFO', 'persistence')).includes('aof_rewrite_in_progress:1')) await turnEventLoop();
    expect(log.lines).toHaveLength(2);
    disk.failure = undefined;
    await client.expect(`SESSION.SET ${TOKEN} k v\r\n`, '+OK\r\n');
    clock.advance(61_000);
    while (log.lines.length < 4) await turnEventLoop();
    expect(log.lines[2]).toMatch(/^compacted/);
    expect(log.lines[3]).toBe('the journal can be compacted again: 2 compactions had failed in 61 s');
    await server.close();
    await (await connectTo(await startServer(config, { clock }))).expect(`SESSION.GET ${TOKEN} k\r\n`, '$1\r\nv\r\n');
  });
});

it('a command that waits in a transaction is answered once the disk has what came before and after it', async () => {
  const dir = temporaryDirectory();
  const disk = new HeldDisk();
  const server: Server = await startServer(durable(dir));
  const client = await connectTo(server);
  let go: () => void = () => {};
  vi.spyOn(running('echo'), 'run').mockImplementation(
    ({ reply }) =>
      new Promise((resolve) => {
        go = () => {
          reply.simple('waited');
          resolve();
        };
      }),
  );
  await client.expect(`MULTI\r\n${NEW}ECHO x\r\nSESSION.SET ${TOKEN} k v\r\n`, `+OK\r\n${'+QUEUED\r\n'.repeat(3)}`);
  disk.holdSyncs();
  await expectHeld(client, disk, 'EXEC\r\n');
  go();
  await turnEventLoop();
  disk.release({ keep: true });
  await disk.syncing();
  await turnEventLoop();
  const { bytesRead } = client.socket;
  disk.release();
  const replies = `*3\r\n${CREATED}+waited\r\n+OK\r\n`;
  expect(await client.take(replies.length)).toBe(replies);
  expect(client.socket.bytesRead - bytesRead).toBe(replies.length);
});
