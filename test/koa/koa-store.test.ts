import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { afterEach, describe, expect, it } from 'vitest';
import type { Server } from '../../src/index.js';
import { type KoaStore, type KoaStoreOptions, koaStore, type StoreClient } from '../../src/koa/index.js';
import { Slice } from '../../src/slice.js';
import { startServer, stopServers } from '../embedded-server.js';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
  await stopServers();
});

const CLIENTS: Record<string, (server: Server) => Promise<StoreClient>> = {
  async ioredis({ addresses: [address] }) {
    const client = new Redis(address.port);
    closing.push(() => client.disconnect());
    return client;
  },
  async 'node-redis'({ addresses: [address] }) {
    const client = createClient({ socket: { port: address.port } });
    closing.push(() => client.destroy());
    await client.connect();
    return client;
  },
};

const DAY = 86_400_000;

/** A request of koa-session: it reads the session first, and writes it in the end. */
function requestOf(store: KoaStore, key: string) {
  const ctx = {};
  return {
    read: () => store.get(key, DAY, { ctx }),
    write: (session: Record<string, unknown>, maxAge: number | 'session' = DAY) =>
      store.set(key, session, maxAge, { ctx }),
  };
}

describe.each(Object.keys(CLIENTS))('the store for koa-session, over %s', (library) => {
  async function open(options: Partial<KoaStoreOptions> = {}) {
    const server = await startServer();
    const store = koaStore({
      client: await CLIENTS[library](server),
      nameOf: ({ user }) => user as string,
      ...options,
    });
    const request = (key = 'key-1') => requestOf(store, key);
    const sessionsOf = (name: string) => server.engine.sessionsOf(Slice.of(name));
    return { server, store, request, sessionsOf };
  }

  it('keeps a session under the name of its user, each property as a key', async () => {
    const { server, request, sessionsOf } = await open();
    await request().write({ user: 'ada', cart: ['pizza'], none: undefined, _maxAge: DAY });
    expect(await request().read()).toEqual({ user: 'ada', cart: ['pizza'], _maxAge: DAY });
    const [session] = sessionsOf('koa:ada');
    expect(server.engine.data.get(session, Slice.of('cart'))?.toString()).toBe('["pizza"]');
    expect(server.engine.timeLeft(session)).toBeGreaterThan(DAY - 60_000);
    expect(await request('unknown').read()).toBe(undefined);
  });

  it('writes only what a request has changed', async () => {
    const { request } = await open();
    await request().write({ user: 'ada', a: 1, b: 1, c: 1 });
    const [one, other] = [request(), request()];
    await Promise.all([one.read(), other.read()]);
    await one.write({ user: 'ada', a: 2, b: 1, c: 1 });
    await other.write({ user: 'ada', a: 1, b: 2 });
    expect(await request().read()).toEqual({ user: 'ada', a: 2, b: 2 });
    // The same request may save again.
    await one.write({ user: 'ada', a: 3, b: 1, c: 1 });
    expect(await request().read()).toEqual({ user: 'ada', a: 3, b: 2 });
  });

  it('does not bring a session back that has ended while a request was under way', async () => {
    const { store, request, sessionsOf } = await open();
    await request().write({ user: 'ada' });
    const late = request();
    await late.read();
    await store.destroy('key-1');
    await late.write({ user: 'ada', late: true });
    await late.write({ user: 'ada', later: true });
    expect(await request().read()).toBe(undefined);
    expect(sessionsOf('koa:ada')).toEqual([]);
  });

  it('has the durations of the cookie and of the options', async () => {
    const { server, request, sessionsOf } = await open({ prefix: 'shop:', ttl: 60, maxAge: 30 });
    const first = request();
    await first.write({}, 'session');
    const [session] = sessionsOf('shop:');
    expect(server.engine.timeLeft(session)).toBeLessThanOrEqual(30_000);
    await request('key-2').write({ user: 7 }, 5500);
    expect(server.engine.timeLeft(sessionsOf('shop:7')[0])).toBeGreaterThan(5500 - 60_000);
  });

  it('lists the sessions of a user, and ends some or all of them', async () => {
    const { store, request } = await open();
    for (const key of ['key-1', 'key-2', 'key-3']) await request(key).write({ user: 'ada', device: `of ${key}` });
    const listed = await store.list('ada', { keys: ['device', 'none'] });
    expect(listed.map(({ values }) => values.device)).toEqual(['of key-1', 'of key-2', 'of key-3']);
    expect(await store.id('key-2')).toBe(listed[1].id);
    expect(await store.endById('ada', [listed[1].id])).toBe(1);
    expect(await request('key-2').read()).toBe(undefined);
    expect(await store.endAll('ada')).toBe(2);
    await expect(store.id('key-1')).rejects.toThrow('no such session');
    await expect(store.endAll('')).rejects.toThrow('a name must not be empty');
  });
});

it.each<[object, string]>([
  [{}, 'client must be a client of ioredis or node-redis, as in koaStore({ client: redis }), not undefined'],
  [{ prefix: '' }, 'prefix must not be empty'],
  [{ ttl: 0 }, 'ttl must be a whole number from 1'],
  [{ maxAge: 1.5 }, 'maxAge must be a whole number from 1'],
  [{ nameOf: 'user' }, 'nameOf must be a function, not a string'],
  [{ name: 'user' }, 'unknown option "name"'],
])('the options %j are refused', (options, message) => {
  const client = new Redis({ lazyConnect: true });
  const given = Object.keys(options).length === 0 ? options : { client, ...options };
  expect(() => koaStore(given as KoaStoreOptions)).toThrow(message);
});
