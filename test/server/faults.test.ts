import { Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Server, SessionListener } from '../../src/index.js';
import { ReplyEncoder } from '../../src/resp/reply-encoder.js';
import { RequestDecoder } from '../../src/resp/request-decoder.js';
import { Connection } from '../../src/server/connection.js';
import { Memory } from '../../src/server/memory.js';
import { Output } from '../../src/server/output.js';
import { PubSubHub } from '../../src/server/pubsub-hub.js';
import { SessionMessages } from '../../src/server/session-messages.js';
import { Slice } from '../../src/slice.js';
import { connectTo, keepLog, startServer, stopServers } from '../embedded-server.js';
import { FakeClock } from '../fake-clock.js';
import { frame, type RawClient } from '../raw-client.js';
import { ask, askWith } from './ask.js';

afterEach(async () => {
  vi.restoreAllMocks();
  await stopServers();
});

const TOKEN = 'AAECAwQFBgcICQoLDA0ODw';

/** A fault that nobody foresees, whose message contains a token. */
const fail = (): never => {
  throw new RangeError(`Invalid string length of ${TOKEN}`);
};

async function start(listener?: SessionListener) {
  const clock = new FakeClock();
  const log = keepLog();
  const config = { 'notify-keyspace-events': 'KEA', 'maxmemory-policy': 'allsessions-lru' } as const;
  const server = await startServer(config, { clock, log, ...(listener && { listener }) });
  return { clock, log, server, client: await connectTo(server) };
}

async function subscribe(server: Server, ...patterns: string[]): Promise<RawClient> {
  const subscriber = await connectTo(server);
  await askWith(subscriber, 'PSUBSCRIBE', ...patterns);
  return subscriber;
}

/** Makes everything happen that has an event, most of it without a command. */
async function haveAllHappen({ clock, server, client }: Awaited<ReturnType<typeof start>>): Promise<void> {
  const { engine } = server;
  const data = [Slice.of('key'), Slice.of('value')];
  for (let i = 0; i < 3; i++) {
    engine.create(Slice.of('due'), { duration: 1000, data });
    engine.create(Slice.of('due'), { duration: 1000, deleteSession: false, maxAgeMs: 2000, data });
  }
  expect(engine.size).toBe(6);
  clock.advance(1000);
  expect([engine.size, engine.stats().keys]).toEqual([3, 0]);
  clock.advance(1000);
  expect(engine.size).toBe(0);
  expect(await ask(client, 'SET k v')).toBe('OK');
  expect(await ask(client, 'RENAME k l')).toBe('OK');
  expect(await ask(client, 'SET k v')).toBe('OK');
  expect(await ask(client, 'RENAME k l')).toBe('OK');
  for (let i = 0; i < 3; i++) expect(await ask(client, 'SESSION.NEW x LIMIT 1')).toHaveLength(22);
  expect(await ask(client, 'SESSION.NEW y TOKEN AAECAwQFBgcICQoLDA0ODw')).toBe(TOKEN);
  expect(await ask(client, `SESSION.ROTATE ${TOKEN}`)).toHaveLength(22);
  expect(await ask(client, 'SESSION.ENDNAME y')).toBe('1');
  expect(await ask(client, 'DBSIZE')).toBe('2');
  expect(await ask(client, 'SESSION.ENDALL')).toBe('2');
  for (let i = 0; i < 3; i++) await ask(client, 'SESSION.NEW x');
  expect(await ask(client, 'CONFIG SET maxmemory 1')).toBe('OK');
  clock.advance(1000);
  expect(engine.stats()).toMatchObject({ sessions: 0, evicted: 3 });
  expect(await ask(client, 'CONFIG SET maxmemory 0')).toBe('OK');
  for (let i = 0; i < 3; i++) await ask(client, 'SESSION.NEW x');
  expect(await ask(client, 'FLUSHALL')).toBe('OK');
  clock.advance(5000);
  expect([engine.size, await ask(client, 'DBSIZE')]).toEqual([0, '0']);
}

describe('a fault in called code', () => {
  it('does not stop its caller: in the listener of the embedding program', async () => {
    const heard: string[] = [];
    const set = await start({
      onSession: (event) => {
        heard.push(event);
        fail();
      },
    });
    await haveAllHappen(set);
    const all = ['new', 'expired', 'cleared', 'maxage', 'renamed', 'replaced', 'limit', 'rotated', 'ended', 'evicted'];
    expect(new Set(heard)).toEqual(new Set(all));
    await set.server.close();
    // One line says what it was, and one how often.
    const faults = set.log.lines.filter((line) => line.includes('listener'));
    expect(faults[0]).toContain('the session listener failed: RangeError: Invalid string length of (redacted)');
    expect(faults[0]).toContain('faults.test.ts');
    expect(faults.slice(1)).toEqual([`faults of the session listener are over: ${heard.length} faults in 3 s`]);
    expect(set.log.lines.join()).not.toContain(TOKEN);
  });

  it.each([
    ['what makes messages', SessionMessages.prototype, 'make'],
    ['what finds subscribers', PubSubHub.prototype, 'publishIfSubscribed'],
  ] as const)('does not stop its caller: %s', async (_, prototype, method) => {
    const heard: string[] = [];
    const set = await start({ onSession: (event) => heard.push(event) });
    await subscribe(set.server, '__session*', '__key*');
    vi.spyOn(prototype as unknown as Record<string, () => void>, method).mockImplementation(fail);
    await haveAllHappen(set);
    // Other listeners are notified too.
    expect(heard.length).toBeGreaterThan(20);
    expect(set.log.lines.join()).toContain(
      'internal error, please report it: RangeError: Invalid string length of (redacted)',
    );
  });

  it('does not keep WATCH from noticing a change', async () => {
    const { server, client } = await start();
    await subscribe(server, '__session*');
    const other = await connectTo(server);
    expect(await ask(client, 'WATCH k')).toBe('OK');
    vi.spyOn(PubSubHub.prototype, 'publishIfSubscribed').mockImplementation(fail);
    expect(await ask(other, 'SET k v')).toBe('OK');
    expect(await ask(other, 'DEL k')).toBe('1');
    await client.expect('MULTI\r\nPING\r\nEXEC\r\n', '+OK\r\n+QUEUED\r\n*-1\r\n');
  });

  it('ends the connection of the subscriber whose message failed, and no other subscriber misses a message', async () => {
    const { server, client, log } = await start();
    const [first, second, third] = [
      await subscribe(server, '__session__:*'),
      await subscribe(server, '__session__:*'),
      await subscribe(server, '__session__:*'),
    ];
    const { push } = ReplyEncoder.prototype;
    let pushes = 0;
    vi.spyOn(ReplyEncoder.prototype, 'push').mockImplementation(function (this: ReplyEncoder, length) {
      push.call(this, length);
      if (++pushes === 2) fail();
    });
    expect(await ask(client, `SESSION.NEW x TOKEN ${TOKEN}`)).toBe(TOKEN);
    const message = frame('pmessage', '__session__:*', '__session__:new:x', TOKEN).toString('latin1');
    expect(await second.takeAll()).toBe('');
    expect(await first.take(message.length)).toBe(message);
    expect(await third.take(message.length)).toBe(message);
    expect(log.lines).toHaveLength(1);
  });

  it('does not end the client that caused the message', async () => {
    const { server, client } = await start();
    const subscriber = await subscribe(server, '__session*');
    const { write } = Socket.prototype;
    vi.spyOn(Socket.prototype, 'write').mockImplementation(function (this: Socket, ...args: unknown[]) {
      if (this.remotePort === subscriber.socket.localPort) fail();
      return (write as (...all: unknown[]) => boolean).apply(this, args);
    });
    expect(await ask(client, 'SESSION.NEW x')).toHaveLength(22);
    expect(await subscriber.takeAll()).toBe('');
    expect(await ask(client, 'PING')).toBe('PONG');
  });

  it('in MONITOR does not affect commands', async () => {
    const { server, client } = await start();
    const monitor = await connectTo(server);
    expect(await ask(monitor, 'MONITOR')).toBe('OK');
    vi.spyOn(Output.prototype, 'line').mockImplementationOnce(fail);
    expect(await ask(client, 'SET k v')).toBe('OK');
    expect(await ask(client, 'GET k')).toBe('v');
    expect(await monitor.takeUntil('"k"\r\n')).toContain('"GET" "k"');
  });

  it('ends the connection whose socket callback failed', async () => {
    const { server, client, log } = await start();
    const other = await connectTo(server);
    expect(await ask(other, 'PING')).toBe('PONG');
    vi.spyOn(RequestDecoder.prototype, 'push').mockImplementationOnce(fail);
    await other.send('PING\r\n');
    expect(await other.takeAll()).toBe('');
    expect(await ask(client, 'PING')).toBe('PONG');
    expect(log.lines[0]).toContain('internal error, please report it: RangeError');
  });

  it('does not stop the heartbeat', async () => {
    const { clock, server, client } = await start();
    await askWith(client, 'CONFIG', 'SET', 'timeout', '5');
    const idle = await connectTo(server);
    vi.spyOn(Connection.prototype, 'checkPatience').mockImplementationOnce(fail);
    vi.spyOn(Memory.prototype, 'used', 'get').mockImplementationOnce(fail);
    clock.advance(3000);
    expect(await ask(client, 'PING')).toBe('PONG');
    clock.advance(3000);
    expect(await idle.takeAll()).toBe('');
    expect(await ask(client, 'PING')).toBe('PONG');
  });

  it.each([
    ['a log that throws', new Error('x')],
    ['a thrown value that is not an error', 'a text'],
    ['undefined as the thrown value', undefined],
    ['a thrown value that cannot be converted to a string', { toString: fail }],
    ['a thrown error whose stack cannot be read', Object.defineProperty(new Error('x'), 'stack', { get: fail })],
  ])('does no harm: %s', async (what, fault) => {
    const log = what.startsWith('a log') ? { notice: fail, warning: fail } : keepLog();
    const listener = {
      onSession: () => {
        throw fault;
      },
    };
    const clock = new FakeClock();
    const server = await startServer({}, { clock, log, listener });
    server.engine.create(Slice.of('x'), { duration: 1000 });
    clock.advance(1000);
    expect(server.engine.size).toBe(0);
    if ('lines' in log) expect(log.lines[0]).toMatch(/^the session listener failed: /);
  });
});
