import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readEvent } from '../../../src/store/valkey/events/outbox-entry.js';
import { eventually } from '../../tools/eventually.js';
import { BASE, Flag, idOf, LibraryServer, newToken } from './library-server.js';

type Version = 'present' | 'earlier';

// During an upgrade, processes of two versions use a store, and each calls its own functions. `earlier-library.lua` is
// the library of a version that created no session at home.
describe.skipIf(!LibraryServer.there)('the functions of two versions beside each other', () => {
  let versions: Record<Version, LibraryServer>;

  beforeAll(async () => {
    const present = await LibraryServer.start();
    versions = { present, earlier: await present.earlier() };
  });

  beforeEach(() => versions.present.redis.flushall());

  afterAll(() => versions.present.stop());

  const pairs: readonly [Version, Version][] = [
    ['earlier', 'present'],
    ['present', 'earlier'],
  ];

  describe.each(pairs)('a session of the %s one', (first, second) => {
    const settings = { flags: Flag.deleteSession + Flag.extendSet, maxAge: 3_600_000, data: ['cart', 'pizza'] };
    let one: LibraryServer;
    let other: LibraryServer;

    beforeAll(() => {
      one = versions[first];
      other = versions[second];
    });

    /** The event, token and data of each event, as both versions return them. */
    const events = async () => {
      const replies = await Promise.all([one, other].map((store) => store.call<Buffer[]>('events', '0-0', 100)));
      expect(replies[0]).toEqual(replies[1]);
      const payloads = replies[0].slice(1).filter((_, i) => i % 2 === 1);
      return payloads.map(readEvent).map(({ event, token, data = [] }) => [event, token, ...data.map(String)]);
    };

    /** Removes the entry of a session that has ended from the index of its name. */
    const unindex = async (member: Buffer) => {
      expect(await one.call('leftovers', -1000, -1000, 10)).toEqual([[], [member]]);
      expect(await one.call('unindex', member)).toBe(1);
      expect(await one.call('unindexed', member)).toBe(1);
      expect(await one.keys()).toEqual(['events', 'stats']);
    };

    it(`is found, rotated and ended by the ${second} one`, async () => {
      const { token, member } = await one.create({ ...settings, duration: 60_000 });
      expect(await other.call('page', 'user:42', '', 10)).toEqual([idOf(member)]);
      expect(await other.text('version', token)).toBe(await one.text('version', token));
      const left = await one.text<number>('ttl', token);
      expect(await other.text('ttl', token)).toBeLessThanOrEqual(left);
      const next = newToken();
      await other.call('rotate', token, next, 60_000);
      expect(await one.text('tokens', idOf(member))).toEqual([next]);
      for (const address of [token, next]) expect(await one.text('get', address, 0, 'cart')).toBe('pizza');
      expect(await other.call('end', next, 'ended')).toEqual(member);
      expect(await one.text('exists', token)).toBe(0);
      expect(await events()).toEqual([
        ['new', token],
        ['rotated', next],
        ['ended', next, 'cart', 'pizza'],
      ]);
      await unindex(member);
    });

    it(`is expired by the ${second} one`, async () => {
      const { token, member } = await one.create({ ...settings, duration: 20 });
      await eventually(async () => (await other.text<number[]>('reap', member))[1] < 0);
      expect(await one.text('exists', token)).toBe(0);
      expect(await events()).toEqual([
        ['new', token],
        ['expired', token, 'cart', 'pizza'],
      ]);
      await unindex(member);
    });
  });

  it('find a session that is at home, and remove it from the index', async () => {
    const { present, earlier } = versions;
    const create = (token: string) =>
      present.call('createathome', token, 'user:42', Flag.deleteSession, 60_000, 0, 16, '', 'cart', 'pizza');
    const [one, other] = [newToken(), newToken()];
    expect(await create(one)).toBe(1);
    expect(await create(other)).toBe(2);
    const ids = await present.callAt<Buffer[]>(BASE, 'page', 'user:42', '', 10);
    expect(await earlier.callAt(BASE, 'page', 'user:42', '', 10)).toEqual(ids);
    expect(await earlier.text('get', one, 0, 'cart')).toBe('pizza');
    // The earlier version removes the entry in a second call. If it does not come to that, index repair does.
    expect(await earlier.call('end', one, 'ended')).toEqual(Buffer.concat([ids[0], Buffer.from('user:42')]));
    const [, ended] = await present.call<Buffer[][]>('leftovers', -1000, -1000, 10);
    expect(await present.callAt(BASE, 'unindex', ...ended)).toBe(1);
    expect(await present.call('unindexed', ...ended)).toBe(1);
    expect(await present.call('end', other, 'ended')).toBe(1);
    expect(await earlier.keys()).toEqual(['events', 'stats']);
  });

  it('show nobody a key past its deadline: the earlier one cannot read a session that has such keys', async () => {
    const { present, earlier } = versions;
    const { token, member } = await present.create({ duration: 60_000, data: ['cart', 'pizza'] });
    await present.call('setfor', token, 1, 30_000, 'code', '42');
    const before = await present.redis.hgetallBuffer(`${BASE}:s:${token}`);
    for (const [fn, ...args] of [
      ['get', token, 1, 'code'],
      ['getall', token, 1],
      ['set', token, 1, 'code', 'x'],
      ['del', token, 1, 'code'],
      ['ttl', token],
      ['touch', token],
      ['rotate', token, newToken(), 0],
      ['end', token, 'ended'],
      ['tokens', idOf(member)],
      ['endsome', 0, 10],
    ] as const) {
      await expect(earlier.call(fn, ...args), fn).rejects.toThrow(/^ERR .*data string too short/);
    }
    // It does not take the session for one that has ended, either.
    expect(await earlier.text('reap', member)).toEqual([expect.any(Number), -2]);
    expect(await present.redis.hgetallBuffer(`${BASE}:s:${token}`)).toEqual(before);
    expect(await present.text('get', token, 0, 'code')).toBe('42');
    await present.call('persist', token, 0, 'code');
    expect(await earlier.text('getall', token, 0)).toEqual(['cart', 'pizza', 'code', '42']);
  });

  it('agree on the settings of the store and the live processes', async () => {
    const { present, earlier } = versions;
    const settings = await earlier.text('setup', 256, 'secret');
    expect(await present.text('setup', 16, 'other')).toEqual(settings);
    const beat = async (store: LibraryServer, id: string) => {
      const [, ...processes] = await store.text<string[]>('heartbeat', id, 60_000);
      return processes.sort();
    };
    expect(await beat(earlier, 'one')).toEqual(['one']);
    expect(await beat(present, 'two')).toEqual(['one', 'two']);
    expect(await beat(earlier, 'one')).toEqual(['one', 'two']);
  });
});
