import { afterEach, describe, expect, it, vi } from 'vitest';
import { counted } from '../../src/counted.js';
import { type Config, StopRefused } from '../../src/index.js';
import { connectTo, keepLog, startServer, stopServers } from '../embedded-server.js';
import { send } from '../http/send.js';
import { temporaryDirectory } from '../journal/temporary-directory.js';
import { turnEventLoop } from '../turn-event-loop.js';
import { ask } from './ask.js';
import { diskFull, HeldDisk, StandingClock } from './held-disk.js';

afterEach(async () => {
  HeldDisk.repairAll();
  vi.restoreAllMocks();
  await stopServers();
});

const TOKEN = 'AAECAwQFBgcICQoLDA0ODw';
const REFUSED = 'ERR Errors trying to SHUTDOWN. Check logs.';
const POLICIES = ['always', 'everysec', 'no'] as const;
/**
 * In seconds: enough for the real disk, however far the test advances its clock meanwhile. Freeze the clock for so long
 * rather than advance it: timers that come due many times a second would all be called.
 */
const AGES = 1_000_000;
const FULL = 'ENOSPC: no space left on device, write';

/** Starts a server with a session on the disk. */
async function start(config: Partial<Config> = {}) {
  const disk = new HeldDisk();
  const clock = new StandingClock();
  const log = keepLog();
  const options = { appendonly: true, dir: temporaryDirectory(), ...config };
  const server = await startServer(options, { clock, log });
  const client = await connectTo(server);
  await client.expect(`SESSION.NEW x TOKEN ${TOKEN} DATA k kept\r\n`, `$22\r\n${TOKEN}\r\n`);
  let isClosed = false;
  void server.closed.then(() => {
    isClosed = true;
  });
  /** Lets time pass until the server has stopped. */
  const pass = async () => {
    while (!isClosed) {
      clock.advance(100);
      await turnEventLoop();
    }
  };
  /** Waits for a log line, while time passes. */
  const logged = async (text: string) => {
    while (!log.lines.some((line) => line.includes(text))) {
      clock.advance(10);
      await turnEventLoop();
    }
  };
  return { disk, clock, log, options, server, client, pass, logged, isClosed: () => isClosed };
}

/** Like `start`, with a full disk and a write that is not on it. */
async function startFull(config: Partial<Config> = {}) {
  const started = await start(config);
  const { disk, client, server, logged, clock } = started;
  while (server.unsaved > 0) {
    clock.advance(1000);
    await turnEventLoop();
  }
  disk.failure = diskFull();
  // With `always` its reply waits for the disk.
  const writer = await connectTo(server);
  await writer.send(`SESSION.SET ${TOKEN} k lost\r\n`);
  await logged('changes are refused');
  expect(await ask(client, `SESSION.GET ${TOKEN} k`)).toBe('lost');
  return { ...started, writer };
}

/** Returns what the next start logs, and the session's value then. */
async function startAgain({ options }: Awaited<ReturnType<typeof start>>) {
  HeldDisk.repairAll();
  const log = keepLog();
  const client = await connectTo(await startServer(options, { log, clock: new StandingClock() }));
  return { lines: log.lines, value: await ask(client, `SESSION.GET ${TOKEN} k`) };
}

const CRASH = /crash|kill|left the end incomplete/;

describe.each(POLICIES)('with appendfsync %s, while the disk is full', (appendfsync) => {
  it('SHUTDOWN is refused in any form except FORCE, and the server continues', async () => {
    const full = await startFull({ appendfsync, 'shutdown-timeout': AGES });
    const { client, disk, clock, log, server, pass } = full;
    for (const words of ['', ' SAVE', ' NOSAVE', ' NOW']) expect(await ask(client, `SHUTDOWN${words}`)).toBe(REFUSED);
    expect(log.lines.at(-1)).toBe(
      `SHUTDOWN is refused: could not write ${counted(server.unsaved, 'change')} to disk: ${FULL}; SHUTDOWN FORCE discards them`,
    );
    expect(await client.bulk('INFO', 'server')).not.toContain('shutdown_in_milliseconds');
    disk.failure = undefined;
    while ((await client.bulk('INFO', 'persistence')).includes('aof_last_write_status:err')) clock.advance(100);
    await client.send('SHUTDOWN\r\n');
    await pass();
    expect(await client.takeAll()).toBe('');
    expect(log.lines.find((line) => line.startsWith('SHUTDOWN by'))).toMatch(
      /^SHUTDOWN by client 1 \(127\.0\.0\.1:\d+\) as the user default: stopping$/,
    );
    expect(server.lostChanges).toBe(false);
    expect(await startAgain(full)).toMatchObject({ value: 'lost', lines: [expect.stringMatching(/^loaded 1 /)] });
  });

  it('SHUTDOWN FORCE stops and says what is lost, and so does the next start, which does not report a crash', async () => {
    const full = await startFull({ appendfsync });
    const { client, log, server } = full;
    await client.send('SHUTDOWN FORCE\r\n');
    expect(await client.takeAll()).toBe('');
    // No time passes.
    await server.closed;
    expect(server.lostChanges).toBe(true);
    expect(log.lines.at(-1)).toBe(`stopped with changes that are not on disk: 1 change lost: ${FULL}`);
    const { lines, value } = await startAgain(full);
    expect(value).toBe('kept');
    expect(lines[0]).toMatch(/^the last shutdown, at 2030-01-01T00:\S+Z, lost 1 change: ENOSPC: /);
    expect(lines.join('\n')).not.toMatch(CRASH);
  });

  it('a stop as by a signal waits for the disk, and loses nothing if the disk recovers', async () => {
    const full = await startFull({ appendfsync, 'shutdown-timeout': AGES });
    const { client, disk, clock, log, server, pass, logged, isClosed } = full;
    const began = clock.now();
    const stopped = server.stop();
    await logged('waiting up to');
    expect(log.lines.at(-1)).toMatch(
      /^could not write 1 change to disk: ENOSPC: .*; waiting up to 1000000 s for the disk \(shutdown-timeout\)$/,
    );
    clock.freeze(AGES * 500 - (clock.now() - began));
    clock.advance(0);
    await turnEventLoop();
    expect(isClosed()).toBe(false);
    const info = await client.bulk('INFO', 'server');
    expect(info).toContain(`shutdown_in_milliseconds:${AGES * 500}\r\n`);
    expect(await ask(client, `SESSION.SET ${TOKEN} k refused`)).toMatch(/^MISCONF/);
    expect(await ask(client, `SESSION.GET ${TOKEN} k`)).toBe('lost');
    expect(await ask(await connectTo(server), 'PING')).toBe('PONG');
    disk.failure = undefined;
    await pass();
    await stopped;
    expect(server.lostChanges).toBe(false);
    expect(await startAgain(full)).toMatchObject({ value: 'lost', lines: [expect.stringMatching(/^loaded 1 /)] });
  });

  it('a stop as by a signal ends after shutdown-timeout, and says what is lost', async () => {
    const full = await startFull({ appendfsync, 'shutdown-timeout': 60 });
    const { log, server, clock, isClosed } = full;
    const stopped = server.stop();
    clock.advance(59_999);
    await turnEventLoop();
    expect(isClosed()).toBe(false);
    clock.advance(1);
    await stopped;
    expect(server.lostChanges).toBe(true);
    expect(log.lines.at(-1)).toBe(`stopped with changes that are not on disk: 1 change lost: ${FULL}`);
    const { lines, value } = await startAgain(full);
    expect(value).toBe('kept');
    expect(lines.join('\n')).not.toMatch(CRASH);
    // It is reported only once.
    await stopServers();
    expect((await startAgain(full)).lines).toEqual([expect.stringMatching(/^loaded 1 /)]);
  });

  it('SHUTDOWN ABORT cancels the stop, and every client that asked for it gets an error', async () => {
    const full = await startFull({ appendfsync, 'shutdown-timeout': AGES });
    const { client, disk, clock, log, server, pass, isClosed } = full;
    const other = await connectTo(server);
    const stopped = expect(server.stop()).rejects.toThrow(StopRefused);
    await other.send('SHUTDOWN\r\n');
    await turnEventLoop();
    expect(await ask(client, 'SHUTDOWN ABORT')).toBe('OK');
    expect(await other.takeUntil('\r\n')).toBe(`-${REFUSED}\r\n`);
    await stopped;
    expect(log.lines.at(-1)).toBe('the shutdown was cancelled: the server keeps running');
    expect(await ask(client, 'SHUTDOWN ABORT')).toBe('ERR No shutdown in progress.');
    clock.freeze(2 * AGES * 1000);
    clock.advance(0);
    await turnEventLoop();
    expect(isClosed()).toBe(false);
    disk.failure = undefined;
    void server.stop();
    await pass();
    expect(server.lostChanges).toBe(false);
  });
});

describe('a disk that does not answer', () => {
  it('SHUTDOWN waits for it, others are served meanwhile, and ABORT cancels the stop', async () => {
    const { client, disk, server, isClosed } = await start({ appendfsync: 'everysec' });
    const [other, third] = [await connectTo(server), await connectTo(server)];
    disk.holdSyncs();
    await client.send('SHUTDOWN\r\n');
    await disk.syncing();
    await other.send('SHUTDOWN NOW\r\n');
    expect(await ask(third, `SESSION.SET ${TOKEN} k v`)).toBe('OK');
    expect(await third.bulk('INFO', 'server')).toContain('shutdown_in_milliseconds:10000\r\n');
    expect(await ask(third, 'SHUTDOWN ABORT')).toBe('OK');
    for (const one of [client, other]) expect(await one.takeUntil('\r\n')).toBe(`-${REFUSED}\r\n`);
    disk.release();
    await turnEventLoop();
    expect(isClosed()).toBe(false);
  });

  it('SHUTDOWN is refused after shutdown-timeout', async () => {
    const { client, disk, clock, log } = await start({ appendfsync: 'everysec', 'shutdown-timeout': 60 });
    disk.holdSyncs();
    await client.send('SHUTDOWN\r\n');
    await disk.syncing();
    clock.advance(60_000);
    expect(await client.takeUntil('\r\n')).toBe(`-${REFUSED}\r\n`);
    expect(log.lines.at(-1)).toContain('the disk took longer than 60 s');
  });

  it('a stop as by a signal ends after shutdown-timeout nevertheless', async () => {
    const { disk, log, server, pass } = await start({ appendfsync: 'everysec' });
    disk.holdSyncs();
    const stopped = server.stop();
    await disk.syncing();
    await pass();
    await stopped;
    expect(server.lostChanges).toBe(true);
    expect(log.lines.at(-1)).toBe(
      'stopped with changes that are not on disk: 1 change lost if the machine fails now: the disk did not answer',
    );
  });

  it('FORCE does not end the wait for a slow disk, and SHUTDOWN stops when the disk has answered', async () => {
    const full = await start({ appendfsync: 'everysec' });
    const { client, disk, server } = full;
    disk.holdSyncs();
    await client.send('SHUTDOWN FORCE\r\n');
    await disk.syncing();
    disk.release();
    expect(await client.takeAll()).toBe('');
    await server.closed;
    expect(server.lostChanges).toBe(false);
    expect((await startAgain(full)).value).toBe('kept');
  });
});

it('FORCE ends a stop that is waiting', async () => {
  const { client, server } = await startFull({ appendfsync: 'everysec' });
  const stopped = server.stop();
  await turnEventLoop();
  await client.send('SHUTDOWN FORCE\r\n');
  // No time passes.
  await stopped;
  expect(server.lostChanges).toBe(true);
});

it('with shutdown-timeout 0 a stop as by a signal does not wait for a failing disk', async () => {
  const { server } = await startFull({ appendfsync: 'everysec', 'shutdown-timeout': 0 });
  await server.stop();
  expect(server.lostChanges).toBe(true);
});

describe('with shutdown-delay', () => {
  const DELAYED = { 'shutdown-delay': 30, 'http-port': 0, appendfsync: 'always' } as const;
  const readyz = async (server: { httpUrl: string | undefined }) => (await send(server, '/readyz')).status;
  /** Waits until the server has been asked to stop. */
  const asked = async (server: { httpUrl: string | undefined }) => {
    while ((await readyz(server)) === 200) await turnEventLoop();
  };

  it('/readyz fails first, and clients old and new are served until the delay is over', async () => {
    const delayed = await start(DELAYED);
    const { client, clock, log, server, isClosed } = delayed;
    expect(await readyz(server)).toBe(200);
    const stopped = server.stop();
    expect(await readyz(server)).toBe(503);
    expect((await send(server, '/readyz')).text).toContain('[-]shutdown failed: the server is stopping\n');
    expect((await send(server, '/livez')).status).toBe(200);
    expect(log.lines.at(-1)).toBe('clients are served for another 30 s before the stop (shutdown-delay)');
    clock.advance(29_999);
    await turnEventLoop();
    expect(isClosed()).toBe(false);
    expect(await ask(await connectTo(server), `SESSION.SET ${TOKEN} k later`)).toBe('OK');
    // What is left of the delay, and the longest wait for the disk.
    expect(await client.bulk('INFO', 'server')).toContain('shutdown_in_milliseconds:10001\r\n');
    // The real disk may be slow, while the clock advances quickly.
    expect(await ask(client, `CONFIG SET shutdown-timeout ${AGES}`)).toBe('OK');
    clock.advance(1);
    await delayed.pass();
    await stopped;
    expect((await startAgain(delayed)).value).toBe('later');
  });

  it('SHUTDOWN is delayed too, and SHUTDOWN ABORT cancels it', async () => {
    const { client, clock, server, isClosed } = await start(DELAYED);
    await client.send('SHUTDOWN\r\n');
    await asked(server);
    expect(await ask(await connectTo(server), 'SHUTDOWN ABORT')).toBe('OK');
    expect(await client.takeUntil('\r\n')).toBe(`-${REFUSED}\r\n`);
    expect(await readyz(server)).toBe(200);
    clock.advance(60_000);
    await turnEventLoop();
    expect(isClosed()).toBe(false);
  });

  it.each(['SHUTDOWN NOW', 'SHUTDOWN FORCE NOW'])('%s skips it, even if it has begun', async (request) => {
    const { client, server } = await start(DELAYED);
    void server.stop();
    await asked(server);
    await client.send(`${request}\r\n`);
    // No time passes.
    await server.closed;
  });

  it('close skips it', async () => {
    const { server } = await start(DELAYED);
    void server.stop();
    await server.close();
  });
});
