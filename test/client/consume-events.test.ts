import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { consumeEvents, type RedisConnection, Sessions, type StoredEvent } from '../../src/client/index.js';
import type { Config, Server } from '../../src/index.js';
import { connectTo, startServer, stopServers } from '../embedded-server.js';
import { CONNECTION_KINDS, CONNECTIONS, closeConnections } from '../redis-connections.js';
import { ask } from '../server/ask.js';
import { eventually } from '../tools/eventually.js';

describe.each(CONNECTION_KINDS)('consumeEvents over %s', (kind) => {
  let server: Server;
  let sessions: Sessions;
  let connection: RedisConnection;
  const stops: (() => Promise<void>)[] = [];

  async function start(config: Partial<Config> = {}) {
    server = await startServer({ 'events-stream': true, ...config });
    const { port } = server.addresses[0];
    sessions = new Sessions(await CONNECTIONS[kind](port));
    connection = await CONNECTIONS[kind](port);
  }
  beforeEach(() => start());
  afterEach(async () => {
    const stopped = stops.splice(0).map((stop) => stop());
    // Otherwise each waits until the server has had no events for a second.
    closeConnections();
    await Promise.all(stopped);
    await stopServers();
  });

  async function consume(...args: Parameters<typeof consumeEvents> extends [unknown, ...infer Rest] ? Rest : never) {
    const stop = await consumeEvents(connection, ...args);
    stops.push(stop);
    return stop;
  }

  /** Returns a listener, and the events that it got. */
  function listening() {
    const events: StoredEvent[] = [];
    return { events, listener: (event: StoredEvent) => void events.push(event) };
  }

  it('passes events with their data, also those from before', async () => {
    const { events, listener } = listening();
    const { token } = await sessions.create('user:42', { data: { cart: 'pizza', bytes: Buffer.from([255]) } });
    await sessions.end(token);
    await consume('shop', listener, { from: 'start' });
    await eventually(() => events.length === 2);
    const common = {
      entryId: expect.stringMatching(/^\d{13}-\d+$/),
      name: 'user:42',
      id: expect.stringMatching(/^[\w-]{11}$/),
      token,
    };
    expect(events).toMatchObject([
      { ...common, event: 'new', data: undefined },
      {
        ...common,
        event: 'ended',
        data: { event: 'ended', token, keys: { cart: 'pizza', bytes: Buffer.from([255]) } },
      },
    ]);
    await sessions.create('later');
    await eventually(() => events.length === 3);
    const raw = await connectTo(server);
    await eventually(async () => (await ask(raw, 'XPENDING __session__ shop')) === '0 nil nil nil');
  });

  it('passes an event again whose listener has failed, and what a stopped process has left', async () => {
    const failed: unknown[] = [];
    const handled: string[] = [];
    const stop = await consume(
      'shop',
      async ({ name }) => {
        if (failed.length < 2) throw new Error(`no ${name}`);
        handled.push(name);
      },
      { retryAfter: 20, onError: (error, event) => failed.push([(error as Error).message, event?.name]) },
    );
    await sessions.create('a');
    await eventually(() => handled.length === 1);
    expect(failed).toEqual([
      ['no a', 'a'],
      ['no a', 'a'],
    ]);
    await stop();
    await sessions.create('b');
    await sessions.create('c');
    const raw = await connectTo(server);
    await ask(raw, 'XREADGROUP GROUP shop crashed COUNT 1 STREAMS __session__ >');
    const { events, listener } = listening();
    await consume('shop', listener, { retryAfter: 20 });
    await eventually(() => events.length === 2);
    expect(events.map(({ name }) => name).sort()).toEqual(['b', 'c']);
  });

  it('goes on when its group is gone, as after a restart without a journal', async () => {
    const { events, listener } = listening();
    const errors: unknown[] = [];
    await consume('shop', listener, { onError: (error) => errors.push(error) });
    await sessions.create('a');
    await eventually(() => events.length === 1);
    await ask(await connectTo(server), 'XGROUP DESTROY __session__ shop');
    await sessions.create('b');
    await eventually(() => events.length === 2);
    expect(events.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(errors).toMatchObject([{ code: 'NOGROUP' }]);
  });

  it('rejects if there is no stream, or an argument is wrong', async () => {
    await expect(consumeEvents(connection, 'g', 'no' as never)).rejects.toThrow(TypeError);
    await expect(consumeEvents(connection, 'g', () => {}, { retryAfter: 0 })).rejects.toThrow(RangeError);
    await expect(consumeEvents(connection, 'g', () => {}, { from: 'x' as 'now' })).rejects.toThrow(TypeError);
    await stopServers();
    await start({ 'events-stream': false });
    await expect(consumeEvents(connection, 'g', () => {})).rejects.toThrow(/set the option "events-stream" to yes/);
  });
});
