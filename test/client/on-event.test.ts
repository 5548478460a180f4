import { createClient } from 'redis';
import { afterEach, beforeEach, describe, expect, expectTypeOf, it, vi } from 'vitest';
import {
  onEvent,
  type RedisSubscriber,
  type SessionEvent,
  type SessionEventName,
  Sessions,
} from '../../src/client/index.js';
import type { SESSION_EVENTS } from '../../src/engine/index.js';
import type { Server } from '../../src/index.js';
import { SessionMessages } from '../../src/server/session-messages.js';
import { connectTo, startServer, stopServers } from '../embedded-server.js';
import { FakeClock } from '../fake-clock.js';
import type { RawClient } from '../raw-client.js';
import { CONNECTION_KINDS, CONNECTIONS, closeConnections } from '../redis-connections.js';

describe.each(CONNECTION_KINDS)('events over %s', (kind) => {
  const clock = new FakeClock();
  let server: Server;
  let sessions: Sessions;
  let subscriber: RedisSubscriber & { ping(): Promise<unknown> };
  let raw: RawClient;
  const heard: SessionEvent[] = [];
  const hear = (event: SessionEvent) => heard.push(event);

  /** Returns the events received so far: events are sent before the replies to later commands. */
  const hearAll = async () => {
    await subscriber.ping();
    return heard.splice(0);
  };

  beforeEach(async () => {
    heard.length = 0;
    server = await startServer({}, { clock });
    const { port } = server.addresses[0];
    sessions = new Sessions(await CONNECTIONS[kind](port));
    subscriber = (await CONNECTIONS[kind](port)) as typeof subscriber;
    raw = await connectTo(server);
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    closeConnections();
    await stopServers();
  });

  it('contain the data of an expired session', async () => {
    await onEvent(subscriber, 'expired', hear);
    const created = clock.wall();
    const { token } = await sessions.create('user:42', { ttl: 10, data: { cart: 'pizza', bytes: Buffer.from([255]) } });
    clock.advance(10_000);
    expect(await hearAll()).toEqual([
      {
        event: 'expired',
        name: 'user:42',
        token,
        at: clock.wall(),
        created,
        truncated: false,
        keys: { cart: 'pizza', bytes: Buffer.from([255]) },
      },
    ]);
  });

  it('contain the value of a key that has expired by itself', async () => {
    const expired: unknown[] = [];
    await onEvent(subscriber, 'keyexpired', ({ name, key, value }) => expired.push([name, key, value]), {
      prefix: 'u',
    });
    await onEvent(subscriber, 'keyexpired', (event) => event.truncated && expired.push(event.size));
    const session = await sessions.create('user:42', { data: { cart: 'pizza' } });
    await session.setEx(300, { code: '493817', bytes: Buffer.from([255]), large: 'x'.repeat(1024 * 1024) });
    clock.advance(300_000);
    await subscriber.ping();
    expect(expired).toEqual([
      ['user:42', 'code', '493817'],
      ['user:42', 'bytes', Buffer.from([255])],
      ['user:42', 'large', undefined],
      1024 * 1024,
    ]);
  });

  it('contain names, keys and values that are not text', async () => {
    await onEvent(subscriber, 'ended', hear);
    const { token } = await sessions.create(Buffer.from('n\xff', 'latin1'), {
      data: new Map([
        [Buffer.from([255]), 'x'],
        ['base64:', 'y'],
        ['__proto__', 'z'],
      ] as [Buffer | string, string][]),
    });
    await sessions.end(token);
    const [{ name, keys }] = await hearAll();
    expect(name).toBe('n\ufffd');
    expect(Object.entries(keys ?? {})).toEqual([
      ['\ufffd', 'x'],
      ['base64:', 'y'],
      ['__proto__', 'z'],
    ]);
  });

  it('are those of one name or of a prefix, whatever characters it has', async () => {
    await onEvent(subscriber, 'ended', hear, { name: 'a*' });
    await onEvent(subscriber, 'ended', hear, { prefix: '[b]' });
    for (const name of ['a*', 'ab', 'a', '[b]', '[b]c', 'b', 'b]']) {
      await sessions.create(name);
      await sessions.endName(name);
    }
    expect((await hearAll()).map(({ name }) => name)).toEqual(['a*', '[b]', '[b]c']);
  });

  it('are truncated if there is much data', async () => {
    await onEvent(subscriber, 'ended', hear);
    const data = new Map<Buffer | string, string>([
      ['large', 'x'.repeat(1024 * 1024)],
      [Buffer.from([255]), 'y'],
      ['base64:', ''],
    ]);
    const { token } = await sessions.create('x', { data });
    await sessions.end(token);
    const at = clock.wall();
    expect(await hearAll()).toEqual([
      {
        event: 'ended',
        name: 'x',
        token,
        at,
        created: at,
        truncated: true,
        count: 3,
        sizes: { large: 1024 * 1024, '\ufffd': 1, 'base64:': 0 },
      },
    ]);
  });

  it('are not disturbed by malformed messages or by a listener that throws', async () => {
    const malformed: unknown[] = [];
    const errors: unknown[] = [];
    const failing = (event: SessionEvent) => {
      throw new Error(event.name);
    };
    const failingLater = async (event: SessionEvent) => failing(event);
    const onError = (error: unknown) => errors.push(error);
    await onEvent(subscriber, 'ended', failing, { onError });
    await onEvent(subscriber, 'ended', failingLater, { onError });
    await onEvent(subscriber, 'ended', hear, { onMalformed: (message, channel) => malformed.push([message, channel]) });
    const messages = ['', 'no JSON', '{}', 'null'];
    const make = vi.spyOn(SessionMessages.prototype, 'make');
    for (const message of messages) {
      make.mockReturnValueOnce(Buffer.from(message));
      await sessions.create('x');
      await sessions.endName('x');
    }
    await sessions.create('x');
    await sessions.endName('x');
    expect((await hearAll()).map(({ name }) => name)).toEqual(['x']);
    expect(malformed).toEqual(messages.map((message) => [message, '__sessiondata__:ended:x']));
    expect(errors).toEqual([new Error('x'), new Error('x')]);
  });

  it('reach every listener until it stops', async () => {
    const others: string[] = [];
    const stop = await onEvent(subscriber, 'ended', hear);
    const stopOther = await onEvent(subscriber, 'ended', ({ name }) => others.push(name));
    const end = async (name: string) => {
      await sessions.create(name);
      await sessions.endName(name);
      return (await hearAll()).map((event) => event.name);
    };
    expect(await end('one')).toEqual(['one']);
    await stop();
    await stop();
    expect(await end('two')).toEqual([]);
    expect(others).toEqual(['one', 'two']);
    await stopOther();
    await raw.expect('PUBSUB NUMPAT\r\n', ':0\r\n');
  });
});

it('refuses invalid arguments from plain JavaScript', async () => {
  const wrong = onEvent as (...args: unknown[]) => Promise<unknown>;
  const { port } = (await startServer({}, { clock: new FakeClock() })).addresses[0];
  const subscriber = await CONNECTIONS['ioredis, RESP2'](port);
  const nothing = () => {};
  for (const [args, error] of [
    [[undefined, 'ended', nothing], 'subscriber must be a client of ioredis or node-redis, not undefined'],
    [[{}, 'ended', nothing], 'subscriber must be a client of ioredis or node-redis, not an object'],
    [[subscriber, 'end', nothing], 'unknown event: the events with data are expired, cleared, ended, limit, '],
    [[subscriber, 'ended'], 'listener must be a function, not undefined'],
    [[subscriber, 'ended', nothing, { name: 1 }], 'name must be a string, not a number'],
    [[subscriber, 'ended', nothing, { prefix: null }], 'prefix must be a string, not null'],
    [
      [subscriber, 'ended', nothing, { name: 'a', prefix: 'b' }],
      'name and prefix cannot be combined: give one of them',
    ],
    [[subscriber, 'ended', nothing, { onError: 'x' }], 'onError must be a function, not a string'],
    [[subscriber, 'ended', nothing, { onMalformed: {} }], 'onMalformed must be a function, not an object'],
  ] as const) {
    await expect(wrong(...args)).rejects.toThrow(error);
    await expect(wrong(...args)).rejects.toBeInstanceOf(TypeError);
  }
  closeConnections();
  await stopServers();
});

it('connects a node-redis client that is not connected', async () => {
  const server = await startServer({}, { clock: new FakeClock() });
  const { port } = server.addresses[0];
  const client = createClient({ socket: { host: '127.0.0.1', port, connectTimeout: 60_000 } });
  const stop = await onEvent(client, 'ended', () => {});
  expect(client.isOpen).toBe(true);
  await stop();
  client.destroy();
  await stopServers();
});

/** The server's events that carry the session's data. */
type Told = {
  [Event in keyof typeof SESSION_EVENTS]: (typeof SESSION_EVENTS)[Event] extends 'nothing' | 'key' ? never : Event;
}[keyof typeof SESSION_EVENTS];

it('are all events of the server that carry data', () => {
  // The compiler checks this.
  expectTypeOf<SessionEventName>().toEqualTypeOf<Told>();
});
