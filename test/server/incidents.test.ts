import { afterEach, describe, expect, it } from 'vitest';
import type { Server } from '../../src/index.js';
import { Incidents } from '../../src/server/incidents.js';
import { connectTo, keepLog, startServer, stopServers } from '../embedded-server.js';
import { FakeClock } from '../fake-clock.js';
import { temporaryDirectory } from '../journal/temporary-directory.js';
import { frame } from '../raw-client.js';
import { turnEventLoop } from '../turn-event-loop.js';
import { ask } from './ask.js';
import { diskFull, HeldDisk, StandingClock } from './held-disk.js';

afterEach(async () => {
  HeldDisk.repairAll();
  await stopServers();
});

/** Clients that each leave 40 KB of one reply unread, where 32 KB are allowed. Each is disconnected. */
async function overflow(server: Server, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const client = await connectTo(server);
    await client.send(frame('ECHO', 'x'.repeat(40_000)));
    await client.takeAll();
  }
}

const OVERFLOWED =
  /^client \d+ \(127\.0\.0\.1:\d+\) disconnected: replies exceed the output buffer limit \(client-output-buffer-limit normal\)$/;

async function start() {
  const clock = new FakeClock();
  const log = keepLog();
  const output = { hard: 32 * 1024, soft: 0, seconds: 0 };
  const limits = {
    'client-output-buffer-limit': { normal: output, pubsub: output },
    'client-reply-backlog': 16 * 1024,
  };
  const server = await startServer({ ...limits, maxclients: 2 }, { clock, log });
  return { clock, log, server };
}

describe('an incident', () => {
  it('is logged when it begins and when it is over, with how often it happened and for how long', async () => {
    const { clock, log, server } = await start();
    await overflow(server, 3);
    clock.advance(5000);
    await overflow(server, 1);
    clock.advance(9000);
    expect(log.lines).toEqual([expect.stringMatching(OVERFLOWED)]);
    clock.advance(2000);
    const others = [2, 3, 4].map((id) => `client ${id} \\(127\\.0\\.0\\.1:\\d+\\)`).join(', ');
    expect(log.lines.slice(1)).toEqual([
      expect.stringMatching(
        `^disconnections of clients that do not read are over: 4 clients in 5 s; after the first: ${others}$`,
      ),
    ]);
    expect(log.entries).toMatchObject([
      { level: 'warning', fields: { event: 'output-limit', state: 'begins', client: 1, user: 'default' } },
      { level: 'notice', fields: { event: 'output-limit', state: 'over', count: 4, seconds: 5 } },
    ]);
  });

  it('that happened once has one line, and the next one begins anew', async () => {
    const { clock, log, server } = await start();
    await overflow(server, 1);
    clock.advance(60_000);
    await overflow(server, 1);
    clock.advance(60_000);
    expect(log.lines).toEqual([expect.stringMatching(OVERFLOWED), expect.stringMatching(OVERFLOWED)]);
  });

  it('does not hide those of other kinds', async () => {
    const { log, server } = await start();
    await overflow(server, 2);
    await Promise.all([connectTo(server), connectTo(server)]);
    for (let i = 0; i < 2; i++) await (await connectTo(server)).takeAll();
    expect(log.lines).toEqual([
      expect.stringMatching(OVERFLOWED),
      'refused a connection from this machine: too many clients (maxclients 2)',
    ]);
  });

  it('is over when the server stops, and names at most five more clients', async () => {
    const { log, server } = await start();
    await overflow(server, 8);
    await server.close();
    expect(log.lines).toHaveLength(2);
    expect(log.lines[1]).toMatch(
      / are over: 8 clients within a second; after the first: (client \d+ \(\S+\), ){4}client 6 \(\S+\) and 2 more$/,
    );
  });

  it('that lasts is logged again every ten minutes', () => {
    const clock = new FakeClock();
    const log = keepLog();
    const incidents = new Incidents({ ...log, verbose() {}, debug() {} }, clock);
    for (let second = 0; second < 1500; second++) {
      incidents.report('client-limit', { message: 'it began', count: 2 });
      clock.advance(1000);
      incidents.beat(clock.now());
    }
    clock.advance(10_000);
    incidents.beat(clock.now());
    expect(log.lines).toEqual([
      'it began',
      'refusals because of too many clients continue: 1,200 connections in 10 min',
      'refusals because of too many clients continue: 2,400 connections in 20 min',
      'refusals because of too many clients are over: 3,000 connections in 25 min',
    ]);
  });

  it('of many addresses has a bounded number of lines', () => {
    const clock = new FakeClock();
    const log = keepLog();
    const incidents = new Incidents({ ...log, verbose() {}, debug() {} }, clock);
    for (let i = 0; i < 1000; i++) {
      incidents.report('failed-authentication', { message: `from ${i}`, subject: `10.0.0.${i % 100}` });
    }
    incidents.close();
    const begun = log.entries.filter(({ level }) => level === 'warning');
    expect(begun.map(({ message }) => message)).toEqual(Array.from({ length: 11 }, (_, i) => `from ${i}`));
    expect(log.lines).toContain('failed attempts to authenticate from 10.0.0.7 are over: 10 attempts within a second');
    expect(log.lines).toContain(
      'failed attempts to authenticate from other addresses are over: 900 attempts within a second',
    );
  });
});

describe('the log says once', () => {
  it('that commands are refused for lack of memory', async () => {
    const clock = new FakeClock();
    const log = keepLog();
    const client = await connectTo(await startServer({ maxmemory: 1 }, { clock, log }));
    log.entries.shift();
    for (let i = 0; i < 30; i++) {
      expect(await ask(client, 'SESSION.NEW x')).toMatch(/^OOM /);
      clock.advance(100);
    }
    clock.advance(20_000);
    expect(log.entries).toMatchObject([
      {
        level: 'warning',
        message: 'refusing commands that need memory: maxmemory is reached (1 bytes, noeviction)',
        fields: { event: 'out-of-memory', state: 'begins' },
      },
      {
        level: 'notice',
        message: 'refusals for lack of memory are over: 30 commands in 2 s',
        fields: { event: 'out-of-memory', state: 'over', count: 30 },
      },
    ]);
  });

  it('that maxmemory leaves nothing for sessions, with what the program needs', async () => {
    const clock = new FakeClock();
    const log = keepLog();
    const client = await connectTo(await startServer({ maxmemory: 1_000_000 }, { clock, log }));
    const needed = Number(/used_memory_startup:(\d+)/.exec(await client.bulk('INFO', 'memory'))?.[1]);
    const low = (maxmemory: number, size: string) => ({
      level: 'warning',
      message: `maxmemory is too low for any session: it is ${size}, and the program itself needs ${needed} bytes of it`,
      fields: { event: 'low-maxmemory', maxmemory, needed },
    });
    expect(log.entries).toEqual([low(1_000_000, '1000000')]);
    await ask(client, 'CONFIG SET timeout 100');
    await ask(client, `CONFIG SET maxmemory ${needed + 1}`);
    await ask(client, 'CONFIG SET maxmemory 0');
    await ask(client, 'CONFIG SET maxmemory 1mb');
    expect(log.entries.slice(1)).toEqual([low(1024 * 1024, '1mb')]);
  });

  it('that sessions are evicted', async () => {
    const clock = new FakeClock();
    const log = keepLog();
    const client = await connectTo(await startServer({ 'maxmemory-policy': 'allsessions-lru' }, { clock, log }));
    for (let i = 0; i < 30; i++) await ask(client, 'SESSION.NEW x');
    await ask(client, 'CONFIG SET maxmemory 1');
    clock.advance(20_000);
    expect(log.lines.slice(1)).toEqual([
      'evicting sessions: maxmemory is reached (1 bytes, allsessions-lru)',
      'evictions are over: 30 sessions within a second',
    ]);
  });

  it('that changes are refused because the disk fails, where and how many', async () => {
    const disk = new HeldDisk();
    const clock = new StandingClock();
    const log = keepLog();
    const dir = temporaryDirectory();
    const server = await startServer({ appendonly: true, dir }, { clock, log });
    const client = await connectTo(server);
    const logged = async (text: string) => {
      while (!log.lines.some((line) => line.includes(text))) {
        clock.advance(100);
        await turnEventLoop();
      }
    };
    disk.failure = diskFull();
    await ask(client, 'SESSION.NEW x');
    await logged('changes are refused');
    for (let i = 0; i < 5; i++) expect(await ask(client, 'SESSION.NEW x')).toMatch(/^MISCONF /);
    await logged('refusing commands');
    disk.failure = undefined;
    await logged('can be written again');
    await logged('are over');
    expect(log.lines.slice(1, 3)).toEqual([
      `the journal in ${dir} cannot be written, so changes are refused for now: ENOSPC: no space left on device, write`,
      'refusing commands that change sessions: the journal cannot be written: ENOSPC: no space left on device, write',
    ]);
    // The clock runs ahead of the real disk, so either may come first.
    expect(log.lines.slice(3).toSorted()).toEqual([
      'refusals because the disk fails are over: 5 commands within a second',
      expect.stringMatching(/^the journal can be written again: changes are accepted; it could not for \d+ s$/),
    ]);
  });

  it('that sessions expire late, and how late', async () => {
    const clock = new FakeClock();
    const log = keepLog({ delays: true });
    const client = await connectTo(await startServer({}, { clock, log }));
    for (const duration of [1, 1, 3]) await ask(client, `SESSION.NEW x ${duration}`);
    // The process is busy when they are due.
    clock.freeze(1300);
    clock.advance(1000);
    clock.freeze(1900);
    clock.advance(20_000);
    // The stalls of the event loop have lines too.
    const late = log.entries.filter(({ fields }) => fields?.event === 'late-expiry');
    expect(late.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^processed 2 deadlines of sessions or keys up to 30\d ms late$/),
      expect.stringMatching(/^late expiries are over: 3 deadlines in 2 s, the latest by 1 s$/),
    ]);
  });

  it('which addresses fail to authenticate, without users and passwords', async () => {
    const clock = new FakeClock();
    const log = keepLog();
    const server = await startServer({ requirepass: 'secret', 'auth-timeout': 0 }, { clock, log });
    for (let i = 0; i < 3; i++) {
      const client = await connectTo(server);
      expect(await ask(client, 'AUTH hunter2 hunter3')).toMatch(/^WRONGPASS /);
    }
    clock.advance(120_000);
    const from = 'this machine';
    expect(log.entries).toMatchObject([
      {
        message: 'an attempt to authenticate from this machine failed',
        fields: { event: 'failed-authentication', state: 'begins', from },
      },
      {
        message: 'failed attempts to authenticate from this machine are over: 3 attempts within a second',
        fields: { event: 'failed-authentication', state: 'over', from, count: 3 },
      },
    ]);
  });

  it('that the event loop stalled, and for how long', async () => {
    const clock = new FakeClock();
    const log = keepLog({ delays: true });
    await startServer({}, { clock, log });
    // It begins to look after a second, and then looks every 40 ms.
    clock.advance(2000);
    clock.freeze(400);
    clock.advance(3000);
    clock.freeze(240);
    clock.advance(1000);
    clock.freeze(140);
    clock.advance(61_000);
    expect(log.entries).toMatchObject([
      {
        level: 'warning',
        message: 'the event loop stalled for 360 ms: no client was served meanwhile',
        fields: { event: 'event-loop-stall', state: 'begins', worst_ms: 360 },
      },
      {
        level: 'notice',
        message: 'stalls of the event loop are over: 2 stalls in 3 s, the longest 360 ms',
        fields: { event: 'event-loop-stall', state: 'over', count: 2 },
      },
    ]);
  });

  it('who asked for SHUTDOWN', async () => {
    const log = keepLog();
    const server = await startServer({ users: 'boss admin secret' }, { log });
    const client = await connectTo(server);
    await ask(client, 'AUTH boss secret');
    await ask(client, 'CLIENT SETNAME console');
    await client.send('SHUTDOWN\r\n');
    await server.closed;
    expect(log.entries).toMatchObject([
      {
        message: expect.stringMatching(
          /^SHUTDOWN by client 1 \(127\.0\.0\.1:\d+, "console"\) as the user boss: stopping$/,
        ),
        fields: { event: 'shutdown', client: 1, name: 'console', user: 'boss' },
      },
    ]);
  });

  it('the name of a client without anything that could be a token, and not too long', async () => {
    const { log, server } = await start();
    for (const name of ['AAECAwQFBgcICQoLDA0ODw', 'n.'.repeat(100)]) {
      const client = await connectTo(server);
      await ask(client, `CLIENT SETNAME ${name}`);
      await client.send(frame('ECHO', 'x'.repeat(40_000)));
      await client.takeAll();
    }
    await server.close();
    expect(log.lines[0]).toContain('"(redacted)") disconnected: ');
    expect(log.lines[1]).toContain(`"${'n.'.repeat(32)}…")`);
  });
});
