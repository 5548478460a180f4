import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NoSessionError, type RedisConnection, RequestError, Sessions } from '../../src/client/index.js';
import type { Server } from '../../src/index.js';
import { startServer, stopServers } from '../embedded-server.js';
import { FakeClock } from '../fake-clock.js';
import { CONNECTION_KINDS, CONNECTIONS, closeConnections } from '../redis-connections.js';

/** Bytes that are not valid text. */
const BINARY = Buffer.from([0, 255, 13, 10, 128]);

const failureOf = (promise: Promise<unknown>): Promise<RequestError> =>
  promise.then(
    () => {
      throw new Error('it did not fail');
    },
    (error) => error,
  );

describe.each(CONNECTION_KINDS)('sessions over %s', (kind) => {
  const clock = new FakeClock();
  let server: Server;
  let redis: RedisConnection;
  let sessions: Sessions;
  beforeEach(async () => {
    server = await startServer({}, { clock });
    redis = await CONNECTIONS[kind](server.addresses[0].port);
    sessions = new Sessions(redis);
  });
  afterEach(async () => {
    closeConnections();
    await stopServers();
  });

  it('are created as the options say', async () => {
    const token = `${'A'.repeat(21)}Q`;
    const session = await sessions.create('user:42', {
      ttl: 1800,
      deleteSession: false,
      extend: 'get',
      maxAge: 28_800,
      limit: 1,
      token,
      data: { cart: 'pizza', bytes: BINARY },
    });
    expect(session.token).toBe(token);
    expect(await session.info()).toEqual({
      name: 'user:42',
      keys: 2,
      shared: false,
      extend: 'get',
      duration: 1800,
      deleteSession: false,
      maxAge: 28_800,
      pttl: 1_800_000,
      created: clock.wall(),
      bytes: expect.any(Number),
      encoding: 'packed',
    });
    const next = await sessions.create('user:42', { limit: 1 });
    expect(await session.exists()).toBe(false);
    expect(await next.info()).toMatchObject({ duration: 0, maxAge: 0, extend: 'none', deleteSession: true, pttl: -1 });
    expect(await sessions.tokens('user:42')).toEqual([next.token]);
  });

  it('are shared, and opened by their name', async () => {
    const shared = await sessions.create('defaults', { shared: true, deleteSession: true, data: { theme: 'dark' } });
    expect((await shared.info()).shared).toBe(true);
    expect((await sessions.open('defaults')).token).toBe(shared.token);
    expect(await sessions.withToken('@defaults').get('theme')).toBe('dark');
    expect(await failureOf(sessions.create('defaults', { shared: true }))).toMatchObject({ code: 'SESSIONEXISTS' });
    expect(await failureOf(sessions.open('nothing'))).toBeInstanceOf(NoSessionError);
    await sessions.create('own');
    expect(await failureOf(sessions.open('own'))).toMatchObject({ name: 'RequestError', code: 'NOTSHARED' });
  });

  it('are listed and ended by their public ids', async () => {
    const phone = await sessions.create('user:42', { ttl: 60, data: { device: 'phone', 'a b': '' } });
    const created = clock.wall();
    clock.setWall(created + 5000);
    const others = [];
    for (let i = 0; i < 5; i++) others.push(await sessions.create('user:42'));
    await sessions.create('user:43');
    const id = await phone.id();
    await phone.rotate();
    expect(await phone.id()).toBe(id);
    const pages = [];
    const listing = sessions.list('user:42', { keys: ['device', '__proto__'], count: 4 });
    for await (const page of listing) pages.push(page);
    expect(pages.map(({ length }) => length)).toEqual([4, 2]);
    const [first, second] = pages.flat();
    expect(first).toEqual({
      id,
      created,
      // The test set the wall clock, and the time of use is on the monotonic clock.
      lastUsed: created + 5000,
      pttl: 60_000,
      bytes: 14,
      keys: 2,
      values: Object.fromEntries([
        ['device', 'phone'],
        ['__proto__', null],
      ]),
    });
    expect(first.values.device).toBe('phone');
    expect(second.values.device).toBe(null);
    const ids: string[] = [id, second.id, second.id, 'unknown'];
    expect(await sessions.endById('user:42', ids)).toBe(2);
    expect(await sessions.endById('user:42', ids)).toBe(0);
    expect(await sessions.endById('user:42', [])).toBe(0);
    expect(await phone.exists()).toBe(false);
    for await (const page of sessions.list('user:42'))
      expect(page.map(({ values }) => values)).toEqual([{}, {}, {}, {}]);
    expect(await failureOf(phone.id())).toBeInstanceOf(NoSessionError);
    for await (const page of sessions.list('nobody')) expect(page).toEqual([]);
  });

  it('store what is written', async () => {
    const session = await sessions.create('x');
    await session.set({ cart: 'pizza', __proto__x: '1' });
    await session.set(
      new Map<string | Buffer, string | Buffer>([
        ['__proto__', 'a key as any'],
        ['bytes', BINARY],
      ]),
    );
    expect(await session.get('cart')).toBe('pizza');
    expect(await session.get('missing')).toBeNull();
    expect(await session.getBuffer('bytes')).toEqual(BINARY);
    expect(await session.getBuffer('missing')).toBeNull();
    expect(await session.mGet('cart', 'missing', '__proto__')).toEqual(['pizza', null, 'a key as any']);
    expect(await session.add({ cart: 'cola', drink: 'cola' })).toBe(1);
    expect(await session.cas('drink', 'cola', 'water')).toBe(true);
    expect(await session.cas('drink', 'cola', 'wine')).toBe(false);
    expect(await session.incrBy('count', 2)).toBe(2);
    expect(await session.incrBy('count', -3n)).toBe(-1);
    expect(await session.append('drink', ', still')).toBe(12);
    expect(await session.del('bytes', 'missing')).toBe(1);
    expect(Object.entries(await session.getAll())).toEqual([
      ['cart', 'pizza'],
      ['__proto__x', '1'],
      ['__proto__', 'a key as any'],
      ['drink', 'water, still'],
      ['count', '-1'],
    ]);
    expect(await session.contains('cart', 'missing')).toEqual([true, false]);
    expect(await session.keys()).toEqual(['cart', '__proto__x', '__proto__', 'drink', 'count']);
    expect(await session.count()).toBe(5);
    expect(await session.jsonSet('list', '$', { items: [] }, 'NX')).toBe(true);
    expect(await session.jsonSet('list', '$', 1, 'NX')).toBe(false);
    expect(await session.jsonArrAppend('list', '$.*', { price: 1.5 }, { price: 2 })).toEqual([2]);
    expect(await session.jsonIncrBy('list', '$.items[*].price', 0.5)).toEqual([2, 2.5]);
    expect(await session.jsonIncrBy('list', '$.items', 1)).toEqual([null]);
    expect(await session.jsonMerge('list', '$', { items: null, name: 'Ω' })).toBe(true);
    expect(await session.jsonMerge('list', '$.a.b', 1)).toBe(false);
    expect(await session.jsonGet('list')).toEqual({ name: 'Ω' });
    expect(await session.jsonGet('list', '$.name')).toEqual(['Ω']);
    expect(await session.jsonGet('missing', '$')).toBeNull();
    expect(await session.jsonDel('list', '$.name')).toBe(1);
    expect(await session.jsonDel('list')).toBe(1);
    await expect(session.jsonSet('list', '$', undefined)).rejects.toThrow('must be one that JSON has');
    expect(await session.clearSet({ only: 'this' })).toBe(5);
    expect(await session.clear()).toBe(1);
    expect(await session.getAll()).toEqual({});
  });

  it('live as long as they should', async () => {
    const session = await sessions.create('x', { ttl: 10 });
    clock.advance(4000);
    expect([await session.ttl(), await session.pttl()]).toEqual([6, 6000]);
    expect([await session.touch(), await session.pttl()]).toEqual([true, 10_000]);
    expect([await session.expire(20, false), await session.pttl()]).toEqual([true, 20_000]);
    expect((await session.info()).deleteSession).toBe(false);
    expect([await session.pexpire(1500, true), await session.pttl()]).toEqual([true, 1500]);
    clock.advance(1499);
    expect(await session.exists()).toBe(true);
    clock.advance(1);
    expect([await session.exists(), await session.ttl(), await session.pttl()]).toEqual([false, -2, -2]);
    expect([await session.touch(), await session.expire(1), await session.pexpire(1), await session.end()]).toEqual([
      false,
      false,
      false,
      false,
    ]);
    const endless = await sessions.create('x');
    expect([await endless.ttl(), await endless.touch(), await endless.end()]).toEqual([-1, false, true]);
  });

  it('have keys with durations of their own', async () => {
    const session = await sessions.create('x', { data: { cart: 'pizza' } });
    await session.setEx(3, { code: 493_817, attempts: 3 });
    await session.psetEx(1500, new Map([[BINARY, 'short']]));
    expect(await session.keyTtl('code', 'cart', BINARY, 'none')).toEqual([3, -1, 2, -2]);
    expect(await session.keyPttl('code', BINARY)).toEqual([3000, 1500]);
    expect(await session.keyPersist('attempts', 'cart')).toBe(1);
    clock.advance(1500);
    expect(await session.contains('code', BINARY)).toEqual([true, false]);
    clock.advance(1500);
    expect(await session.getAll()).toEqual({ cart: 'pizza', attempts: '3' });
  });

  it('get a new token', async () => {
    const session = await sessions.create('x', { data: { cart: 'pizza' } });
    const first = session.token;
    const second = await session.rotate();
    expect(session.token).toBe(second);
    expect(await session.get('cart')).toBe('pizza');
    expect(await sessions.exists(first, second)).toBe(1);
    await session.rotate({ grace: 5 });
    expect(await sessions.exists(second, session.token)).toBe(2);
    clock.advance(5000);
    expect(await sessions.exists(second, session.token)).toBe(1);
  });

  it('are ended, touched and listed together', async () => {
    const all = await Promise.all(['a*', 'a*', 'ab', 'c'].map((name) => sessions.create(name, { ttl: 10 })));
    const [first, second, third, fourth] = all.map(({ token }) => token);
    expect(await sessions.touch(first, second, third)).toBe(3);
    const scanned = [];
    for await (const page of sessions.scan({ match: 'a\\*', count: 1 })) scanned.push(...page);
    expect(new Map(scanned.map(({ token, name }) => [token, name]))).toEqual(
      new Map([
        [first, 'a*'],
        [second, 'a*'],
      ]),
    );
    expect(await sessions.endName('a*')).toBe(2);
    expect(await sessions.end(first, third, fourth)).toBe(2);
    for await (const page of sessions.scan()) expect(page).toEqual([]);
  });

  it('fail without revealing a token', async () => {
    const session = await sessions.create('x', { data: { cart: 'pizza' } });
    const shown = inspect(session);
    const refused = await failureOf(session.incrBy('cart', 1));
    await session.end();
    const ended = [
      await failureOf(session.get('cart')),
      await failureOf(session.getBuffer('cart')),
      await failureOf(session.set({ cart: 'cola' })),
      await failureOf(session.rotate()),
    ];
    for (const error of ended) expect(error).toBeInstanceOf(NoSessionError);
    expect(ended[0]).toMatchObject({ code: 'NOSESSION', message: 'no such session' });
    expect(refused).toBeInstanceOf(RequestError);
    expect(refused).not.toBeInstanceOf(NoSessionError);
    expect(refused).toMatchObject({
      code: 'ERR',
      message: expect.stringMatching(/^ERR value is not an integer: the value of this key/),
    });
    for (const error of [...ended, refused]) {
      expect(error.cause).toBeUndefined();
      expect(inspect(error, { depth: Number.POSITIVE_INFINITY, showHidden: true })).not.toContain(session.token);
    }
    expect(shown).not.toContain(session.token);
    closeConnections();
    const lost = await failureOf(session.get('cart'));
    expect(lost).toBeInstanceOf(RequestError);
    expect(inspect(lost, { depth: Number.POSITIVE_INFINITY, showHidden: true })).not.toContain(session.token);
  });
});

it('does not repeat the arguments that a server without session commands puts into its error', async () => {
  const message = "ERR unknown command 'SESSION.GET', with args beginning with: 'wS2nMIlMdWGJBmy0HI7xAg' 'cart' ";
  const redis = { sendCommand: () => Promise.reject(new Error(message)) };
  expect(await failureOf(new Sessions(redis).withToken('wS2nMIlMdWGJBmy0HI7xAg').get('cart'))).toMatchObject({
    code: 'ERR',
    message: "ERR unknown command 'SESSION.GET'",
  });
});

it('finds the reason of a failed connection in an error without a message', async () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED ::1:6379'), { code: 'ECONNREFUSED' });
  const redis = { sendCommand: () => Promise.reject(new AggregateError([refused], '')) };
  expect(await failureOf(new Sessions(redis).open('x'))).toMatchObject({
    code: 'ECONNREFUSED',
    message: refused.message,
  });
});
