import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readEvent } from '../../../src/store/valkey/events/outbox-entry.js';
import { eventually } from '../../tools/eventually.js';
import { BASE, Flag, LibraryServer, type NewSession, newToken } from './library-server.js';

const EXPIRED = -1;
const NOTHING = -2;

describe.skipIf(!LibraryServer.there)('keys with deadlines in the Valkey store', () => {
  let store: LibraryServer;

  beforeAll(async () => {
    store = await LibraryServer.start();
  });

  beforeEach(async () => {
    await store.redis.flushall();
    await store.holdTime();
  });

  afterAll(() => store.stop());

  /** The event and the data of each event but the first, which is that of the creation. */
  const events = async () => {
    const [, ...entries] = await store.call<Buffer[]>('events', '0-0', 1000);
    const payloads = entries.filter((_, i) => i % 2 === 1).slice(1);
    return payloads.map(readEvent).map(({ event, data = [] }) => [event, ...data.map(String)]);
  };

  /** Creates a session with the keys `cart` and `lang`, and `code`, which expires after 1000 ms. */
  const create = async (settings: NewSession = {}) => {
    const created = await store.create({ duration: 60_000, data: ['cart', 'pizza', 'lang', 'en'], ...settings });
    await store.call('setfor', created.token, 1, 1000, 'code', '42');
    return created;
  };

  const left = (token: string, ...keys: string[]) => store.text<number[]>('keyttl', token, keys);

  /** Calls `reap` for a session. */
  const reap = async (member: Buffer) => (await store.text<number[]>('reap', member))[1];

  /** When the owner looks at the only session next, in ms from now. */
  const dueIn = async () => {
    const [now, , at] = await store.text<number[]>('due', 100_000_000, 10);
    return at - now;
  };

  it('are read until their deadlines, and are gone then for every function', async () => {
    const functions: [...words: [fn: string, ...args: (string | number)[]], reply: unknown][] = [
      ['get', 1, 'code', null],
      ['getmany', 1, 'cart', 'code', ['pizza', null]],
      ['getall', 1, ['cart', 'pizza', 'lang', 'en']],
      ['contains', 'code', 'cart', [0, 1]],
      ['count', 2],
      ['keys', ['cart', 'lang']],
      ['keyttl', 'code', 'cart', [-2, -1]],
      ['add', 1, 'code', '43', 1],
      ['append', 1, 'code', '3', 10, 1],
      ['incrby', 1, 'code', 1, '1'],
      ['cas', 1, 'code', '42', '43', 0],
      ['peek', 'code', null],
      ['swap', 1, 'code', 1, '42', '43', 0],
      ['del', 1, 'code', 0],
      ['persist', 1, 'code', 0],
      ['clear', 1, 2],
      ['replace', 1, 'code', '43', 2],
      ['exec', 0, 'get', 3, 'TOKEN', 1, 'code', [null]],
    ];
    for (const [fn, ...rest] of functions) {
      const { token } = await create();
      const args = rest.slice(0, -1).map((arg) => (arg === 'TOKEN' ? token : String(arg)));
      await store.pass(999);
      expect(await store.text('get', token, 1, 'code')).toBe('42');
      expect(await left(token, 'code')).toEqual([1]);
      await store.pass(1);
      const words = fn === 'exec' ? args : [token, ...args];
      expect(await store.text(fn, ...words), fn).toEqual(rest.at(-1));
      expect((await events()).filter(([event]) => event === 'keyexpired')).toEqual([['keyexpired', 'code', '42']]);
      await store.redis.flushall();
      await store.holdTime();
    }
  });

  it('do not count in the size of the session after their deadlines', async () => {
    const { token, member } = await create();
    expect(await store.info(token)).toMatchObject({ keys: 3, bytes: 21, encoding: 'packed' });
    expect(await store.stats()).toMatchObject({
      keys: 3,
      bytes: 21,
      timedKeys: 1,
      sessionsWithTimedKeys: 1,
      keysExpired: 0,
    });
    await store.pass(1000);
    expect(await store.text('list', 1, member.subarray(0, 38), 1, 'code')).toEqual([
      [expect.any(Number), 59_000, 15, 2, ['cart', 5, 'lang', 2], [null]],
    ]);
    expect(await store.info(token)).toMatchObject({ keys: 2, bytes: 15, timeLeft: 59_000 });
    expect(await store.stats()).toMatchObject({
      keys: 2,
      bytes: 15,
      timedKeys: 0,
      sessionsWithTimedKeys: 0,
      keysExpired: 1,
    });
  });

  it('leave the session as it was stored before, once none is left', async () => {
    const { token } = await store.create({ data: ['cart', 'pizza'] });
    const key = `${BASE}:s:${token}`;
    const before = await store.redis.hgetallBuffer(key);
    const drops: ((token: string) => Promise<unknown>)[] = [
      () => store.call('persist', token, 0, 'code').then(() => store.call('del', token, 0, 'code')),
      () => store.call('del', token, 0, 'code'),
      () => store.call('set', token, 0, 'code', '').then(() => store.call('del', token, 0, 'code')),
      () => store.pass(1000).then(() => store.call('count', token)),
    ];
    for (const drop of drops) {
      await store.call('setfor', token, 0, 1000, 'code', '42');
      expect(await store.redis.object('ENCODING', key)).toBe('listpack');
      await drop(token);
      expect(Object.keys(await store.redis.hgetallBuffer(key))).toEqual(Object.keys(before));
      expect(await store.redis.exists(`${BASE}:k:${token}`)).toBe(0);
    }
  });

  it('lose their deadlines when they are set, and keep them when they are changed', async () => {
    const { token } = await create();
    await store.call('setfor', token, 0, 5000, 'a', '1', 'b', '2', '', '3', '\0s', '4', '\0', '5');
    const all = ['code', 'a', 'b', '', '\0s', '\0', 'cart', 'none'];
    expect(await left(token, ...all)).toEqual([1000, 5000, 5000, 5000, 5000, 5000, -1, -2]);
    await store.call('append', token, 0, 'a', 'x', 10);
    await store.call('incrby', token, 0, 'b', 1);
    await store.call('add', token, 0, '', 'x');
    await store.call('cas', token, 0, '\0s', 'x', 'y');
    expect(await store.text('swap', token, 0, '\0', 1, '5', '6')).toBe(1);
    expect(await left(token, ...all)).toEqual([1000, 5000, 5000, 5000, 5000, 5000, -1, -2]);
    await store.call('set', token, 0, 'a', '1', 'code', '2');
    await store.call('cas', token, 0, '\0s', '4', 'y');
    expect(await left(token, ...all)).toEqual([-1, -1, 5000, 5000, -1, 5000, -1, -2]);
    expect(await store.text('persist', token, 0, 'b', 'a', '\0', 'none')).toBe(2);
    expect(await left(token, ...all)).toEqual([-1, -1, -1, 5000, -1, -1, -1, -2]);
    await store.call('setfor', token, 0, 7000, '', '6');
    expect(await left(token, '')).toEqual([7000]);
    await store.pass(5000);
    expect(await store.text('count', token)).toBe(8);
    expect(await store.text('replace', token, 0, '', '6')).toBe(8);
    await store.pass(2000);
    expect(await left(token, '', 'code')).toEqual([-1, -2]);
    expect(await events()).toEqual([]);
  });

  it('are reaped on time, before and after the owner has other things to do with the session', async () => {
    const { token, member } = await create({ flags: 7 });
    expect(await dueIn()).toBe(1000);
    await store.call('setfor', token, 1, 400, 'soon', 'x');
    expect(await dueIn()).toBe(400);
    expect(await reap(member)).toBe(400);
    await store.pass(400);
    expect(await reap(member)).toBe(EXPIRED);
    expect(await dueIn()).toBe(600);
    // A call is quicker than the owner, who finds the next deadline.
    await store.pass(600);
    expect(await store.text('get', token, 1, 'code')).toBe(null);
    expect(await dueIn()).toBe(0);
    expect(await reap(member)).toBe(60_000);
    expect(await dueIn()).toBe(60_000);
    expect(await events()).toEqual([
      ['keyexpired', 'soon', 'x'],
      ['keyexpired', 'code', '42'],
    ]);
  });

  it('are announced if they are due soon', async () => {
    const { token, member } = await store.create({ duration: 60_000 });
    const listener = store.redis.duplicate();
    const messages: Buffer[] = [];
    listener.on('smessageBuffer', (_, text) => messages.push(text));
    await listener.ssubscribe(`${BASE}:due`);
    await store.call('setfor', token, 1, 5000, 'far', 'x');
    await store.call('setfor', token, 1, 4999, 'near', 'x');
    await eventually(() => messages.length > 0);
    const [now, , at] = await store.text<number[]>('due', 5000, 10);
    expect(at - now).toBe(4999);
    expect(messages).toEqual([Buffer.concat([Buffer.from(`${at} `), member])]);
    listener.disconnect();
  });

  it('expire in the order of their deadlines, before a session that is due at the same time', async () => {
    const { token, member } = await create({ duration: 3000 });
    await store.call('setfor', token, 0, 2000, 'second', '2');
    await store.call('setfor', token, 0, 3000, 'third', '3');
    await store.call('setfor', token, 0, 3001, 'last', '4');
    await store.pass(10_000);
    expect(await store.text('exists', token)).toBe(0);
    expect(await events()).toEqual([
      ['keyexpired', 'code', '42'],
      ['keyexpired', 'second', '2'],
      ['keyexpired', 'third', '3'],
      ['expired', 'cart', 'pizza', 'lang', 'en', 'last', '4'],
    ]);
    await store.call('unindex', member);
    await store.call('unindexed', member);
    expect(await store.keys()).toEqual(['events', 'stats']);
  });

  it('go with the data of a session that survives its deadline', async () => {
    const { token } = await store.create({ flags: 0, duration: 500, data: ['cart', 'pizza'] });
    await store.call('setfor', token, 0, 1000, 'code', '42');
    await store.pass(500);
    expect(await store.text('getall', token, 0)).toEqual([]);
    await store.call('set', token, 0, 'code', '43');
    await store.pass(499);
    expect(await left(token, 'code')).toEqual([-1]);
    expect(await store.keys()).not.toContain(`k:${token}`);
    expect(await events()).toEqual([['cleared', 'cart', 'pizza', 'code', '42']]);
  });

  it('are found with every token of the session, and end with it', async () => {
    const { token, member } = await create();
    const later = newToken();
    await store.call('rotate', token, later, 60_000);
    expect(await left(token, 'code')).toEqual([1000]);
    await store.pass(400);
    expect(await left(later, 'code')).toEqual([600]);
    await store.call('end', later, 'ended');
    await store.call('unindex', member);
    await store.call('unindexed', member);
    expect(await store.keys()).toEqual(['events', 'stats']);
    expect(await events()).toEqual([['rotated'], ['ended', 'cart', 'pizza', 'lang', 'en', 'code', '42']]);
  });

  it('extend a session as other writes do, but not by expiring', async () => {
    const { token } = await create({ flags: 1 + Flag.extendSet });
    await store.pass(500);
    await store.call('setfor', token, 0, 1000, 'other', '1');
    expect(await store.text('ttl', token)).toBe(60_000);
    await store.pass(100);
    expect(await store.text('persist', token, 0, 'cart', 'none')).toBe(0);
    expect(await store.text('ttl', token)).toBe(59_900);
    expect(await store.text('persist', token, 0, 'other')).toBe(1);
    expect(await store.text('ttl', token)).toBe(60_000);
    await store.pass(1000);
    expect(await store.text('ttl', token)).toBe(59_000);
    expect(await store.text('count', token)).toBe(3);
  });

  it('change what WATCH compares when they expire, and when they get or lose a deadline', async () => {
    const { token } = await create();
    const versions = new Set<string>();
    const note = async () => versions.add(await store.text('version', token));
    await note();
    await store.call('setfor', token, 0, 2000, 'other', '1');
    await note();
    await store.call('persist', token, 0, 'other');
    await note();
    await store.pass(1000);
    await note();
    expect(versions.size).toBe(4);
  });

  it('expire a bounded number at a time when the owner reaps them, and all for whoever reads', async () => {
    const { token, member } = await store.create({ duration: 60_000, data: ['cart', 'pizza'] });
    const pairs = (prefix: string) => Array.from({ length: 600 }, (_, i) => [`${prefix}${i}`, 'x']).flat();
    await store.call('setfor', token, 0, 1000, pairs('a'));
    const other = await create();
    await store.pass(1000);
    const replies = await store.text<number[]>('reap', member, other.member);
    expect(replies.slice(1)).toEqual([EXPIRED, 0]);
    expect(await store.redis.zcard(`${BASE}:k:${token}`)).toBe(600 - 256);
    expect(await reap(member)).toBe(EXPIRED);
    expect(await reap(member)).toBe(EXPIRED);
    expect(await reap(member)).toBe(59_000);
    expect(await store.text('getall', token, 0)).toEqual(['cart', 'pizza']);
    await store.call('setfor', token, 0, 1000, pairs('b'));
    await store.pass(1000);
    expect(await store.text('getall', token, 0)).toEqual(['cart', 'pizza']);
    expect(await reap(other.member)).toBe(EXPIRED);
    const expired = (await store.redis.xlen(`${BASE}:events`)) - 2;
    expect(expired).toBe(1201);
  });

  it('may be 100,000 of one session', async () => {
    const keys = Array.from({ length: 100_000 }, (_, i) => `key:${i}`);
    const pairs = keys.flatMap((key) => [key, 'x']);
    const { token } = await store.create({ duration: 60_000 });
    await store.call('setfor', token, 0, 1000, pairs);
    expect(await store.text('keyttl', token, keys)).toEqual(keys.map(() => 1000));
    expect(await store.text('persist', token, 0, keys.slice(2))).toBe(99_998);
    await store.call('setfor', token, 0, 2000, pairs);
    expect(await store.text('del', token, 0, keys.slice(1))).toBe(99_999);
    expect(await left(token, 'key:0')).toEqual([2000]);
  });

  it('that are too large for an event are described by their sizes', async () => {
    const { token } = await store.create();
    await store.call('setfor', token, 0, 1000, 'large', Buffer.alloc(4 * 1024 * 1024 + 1));
    await store.pass(1000);
    expect(await store.text('count', token)).toBe(0);
    const [, , , , payload] = await store.call<Buffer[]>('events', '0-0', 10);
    const { event, data, sizes } = readEvent(payload);
    expect([event, data]).toEqual(['keyexpired', undefined]);
    expect(sizes).toEqual({ count: 1, entries: [{ key: Buffer.from('large'), length: 4 * 1024 * 1024 + 1 }] });
  });

  it('with the longest duration never expire', async () => {
    const { token, member } = await store.create();
    await store.call('setfor', token, 0, 2 ** 52, 'code', '42');
    await store.pass(10 ** 12);
    expect(await store.text('get', token, 0, 'code')).toBe('42');
    expect(await reap(member)).toBeGreaterThan(10 ** 12);
  });

  it('are removed by the node together with their session, if no process is left', async () => {
    const { token } = await create({ flags: 1 + Flag.extendGet, duration: 10_000_000 });
    await store.pass(999);
    await store.call('get', token, 0, 'code');
    const last = await store.redis.pexpiretime(`${BASE}:s:${token}`);
    const now = Number(await store.redis.get('test:time')) / 1000;
    // Until a key expires, the session may have been extended.
    expect(last - now).toBeGreaterThan(10_000_000 + 3_000_000);
    expect(await store.redis.pexpiretime(`${BASE}:k:${token}`)).toBe(last);
    await store.call('expire', token, 0, '');
    expect(await store.redis.pexpiretime(`${BASE}:s:${token}`)).toBe(-1);
    expect(await store.redis.pexpiretime(`${BASE}:k:${token}`)).toBe(-1);
  });

  it('of a session that the node has removed are not those of the next one with its token', async () => {
    const { token, member } = await create();
    await store.redis.del(`${BASE}:s:${token}`);
    expect(await reap(member)).toBe(-3);
    expect(await reap(member)).toBe(NOTHING);
    await store.create({ token, data: ['code', '43'] });
    await store.call('setfor', token, 0, 9000, 'other', '1');
    await store.pass(2000);
    expect(await store.text('getall', token, 0)).toEqual(['code', '43', 'other', '1']);
  });
});
