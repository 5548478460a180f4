import { createClient } from 'redis';
import { afterEach, beforeEach, describe, expect, expectTypeOf, it } from 'vitest';
import {
  onEvent,
  type RedisSubscriber,
  type SessionEvent,
  type SessionEventName,
  Sessions,
} from '../../src/client/index.js';
import type { SESSION_EVENTS } from '../../src/engine/index.js';
import type { Server } from '../../src/index.js';
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

  /** What was heard by now: events are sent before the replies that come after them. */
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
    closeConnections();
    await stopServers();
  });

  it('tell the data of who expired', async () => {
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
        keys: { cart: 'pizza', bytes: Buffer.from([255]) },
      },
    ]);
  });

  it('tell what is not text', async () => {
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
    expect(Object.entries(keys)).toEqual([
      ['\ufffd', 'x'],
      ['base64:', 'y'],
      ['__proto__', 'z'],
    ]);
  });

  it('are those of one name, or of all that begin alike, whatever is in the name', async () => {
    await onEvent(subscriber, 'ended', hear, { name: 'a*' });
    await onEvent(subscriber, 'ended', hear, { prefix: '[b]' });
    for (const name of ['a*', 'ab', 'a', '[b]', '[b]c', 'b', 'b]']) {
      await sessions.create(name);
      await sessions.endName(name);
    }
    expect((await hearAll()).map(({ name }) => name)).toEqual(['a*', '[b]', '[b]c']);
  });

  it('are heard by each who listens, as long as it does', async () => {
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

it('connects a client of node-redis that is not connected', async () => {
  const server = await startServer({}, { clock: new FakeClock() });
  const { port } = server.addresses[0];
  const client = createClient({ socket: { host: '127.0.0.1', port } });
  const stop = await onEvent(client, 'ended', () => {});
  expect(client.isOpen).toBe(true);
  await stop();
  client.destroy();
  await stopServers();
});

/** Those of the server's events after which something is gone. */
type Told = {
  [Event in keyof typeof SESSION_EVENTS]: (typeof SESSION_EVENTS)[Event] extends 'nothing' ? never : Event;
}[keyof typeof SESSION_EVENTS];

it('are those of the server that tell data, all of them', () => {
  // The compiler says so.
  expectTypeOf<SessionEventName>().toEqualTypeOf<Told>();
});
