import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readEvent } from '../../../src/store/valkey/events/outbox-entry.js';
import { eventually } from '../../tools/eventually.js';
import { BASE, Flag, idOf, LibraryServer, NAMES_BASE, newToken } from './library-server.js';

describe.skipIf(!LibraryServer.there)('the functions of the Valkey store', () => {
  let store: LibraryServer;

  beforeAll(async () => {
    store = await LibraryServer.start();
  });

  beforeEach(() => store.redis.flushall());

  afterAll(() => store.stop());

  /** Waits until a session is past its deadline. Looking at it would expire it. */
  const due = async (ms: number) => {
    const [seconds, micros] = await store.redis.time();
    const until = Number(seconds) * 1000 + Number(micros) / 1000 + ms;
    await eventually(async () => {
      const [now, fraction] = await store.redis.time();
      return Number(now) * 1000 + Number(fraction) / 1000 >= until;
    });
  };

  const events = async () => {
    const [, ...entries] = await store.call<Buffer[]>('events', '0-0', 1000);
    return entries.filter((_, i) => i % 2 === 1).map(readEvent);
  };

  const eventNames = async () => (await events()).map(({ event }) => event);

  describe('a session', () => {
    it('has its data, settings and size', async () => {
      const { token, member } = await store.create({
        flags: Flag.deleteSession + Flag.extendSet,
        duration: 60_000,
        maxAge: 3_600_000,
        data: ['cart', 'pizza', 'lang', ''],
      });
      expect(await store.text('getall', token, 0)).toEqual(['cart', 'pizza', 'lang', '']);
      const { timeLeft, ...info } = await store.info(token);
      expect(info).toEqual({
        name: 'user:42',
        keys: 2,
        flags: 5,
        duration: 60_000,
        maxAge: 3_600_000,
        created: Number(member.toString('latin1', 22, 38)),
        bytes: 13,
        encoding: 'packed',
      });
      expect(timeLeft).toBeGreaterThan(0);
      expect(timeLeft).toBeLessThanOrEqual(60_000);
      expect(await store.text('id', token)).toBe(token);
      expect(await store.text('exists', token)).toBe(1);
    });

    it('is kept in one block of memory, even with MAXAGE and a token that has changed', async () => {
      const { token } = await store.create({ name: 'u:123456', maxAge: 1000_000, data: ['cart', 'pizza'] });
      await store.call('rotate', token, newToken(), 0);
      expect(await store.redis.object('ENCODING', `${BASE}:s:${token}`)).toBe('listpack');
    });

    it('is not found by any other token', async () => {
      await store.create({ data: ['cart', 'pizza'] });
      const other = newToken();
      for (const [fn, ...args] of [
        ['get', 0, 'cart'],
        ['getmany', 0, 'cart'],
        ['getall', 0],
        ['contains', 'cart'],
        ['count'],
        ['keys'],
        ['info'],
        ['id'],
        ['set', 0, 'cart', 'x'],
        ['add', 0, 'cart', 'x'],
        ['cas', 0, 'cart', 'pizza', 'x'],
        ['append', 0, 'cart', 'x', 100],
        ['incrby', 0, 'n', 1],
        ['del', 0, 'cart'],
        ['clear', 0],
        ['replace', 0, 'cart', 'x'],
        ['rotate', newToken(), 0],
      ] as const) {
        await expect(store.text(fn, other, ...args), fn).rejects.toThrow(/^NOSESSION no such session$/);
      }
      expect(await store.text('exists', other)).toBe(0);
      expect(await store.text('ttl', other)).toBe(-2);
      expect(await store.text('end', other, 'ended')).toBe(null);
      expect(await store.text('expire', other, 1000, '')).toBe(0);
      expect(await store.text('touch', other)).toBe(0);
      expect(await store.text('version', other)).toBe('');
      expect(await store.keys()).toHaveLength(6);
    });

    it('leaves nothing but its event and the note for its index entry when it has ended', async () => {
      const { token, member } = await store.create({ duration: 60_000, data: ['cart', 'pizza'] });
      await store.call('rotate', token, newToken(), 60_000);
      expect(await store.call('end', token, 'ended')).toEqual(member);
      expect(await store.call('end', token, 'ended')).toBe(null);
      expect(await store.keys()).toEqual(['events', 'n:user:42', 'names', 'stats', 'unindexing']);
      expect(await store.text('unindex', member)).toBe(1);
      expect(await store.text('unindexed', member)).toBe(1);
      expect(await store.keys()).toEqual(['events', 'stats']);
    });

    it('cannot be created twice', async () => {
      const { token, member } = await store.create();
      const created = member.toString('latin1', 22, 38);
      await expect(store.text('create', token, 'b', 1, 0, 0, created)).rejects.toThrow(
        /^SESSIONEXISTS a session with this token already exists$/,
      );
      await expect(store.text('create', token, 'b', 9, 0, 0, created)).rejects.toThrow(
        /^SESSIONEXISTS a shared session with this name already exists$/,
      );
      const later = newToken();
      await store.call('rotate', token, later, 0);
      await expect(store.text('create', later, 'b', 1, 0, 0, created)).rejects.toThrow(/^SESSIONEXISTS/);
    });

    it('is not created so late that index repair may have removed its entry', async () => {
      const token = newToken();
      const created = Number(await store.text('index', 'user:42', token));
      await expect(store.text('create', token, 'user:42', 1, 0, 0, created - 10_000_000)).rejects.toThrow(/^TRYAGAIN /);
      expect(await store.text('exists', token)).toBe(0);
    });
  });

  describe('an address', () => {
    it('with @ leads to a shared session only', async () => {
      const own = await store.create();
      const shared = await store.create({ flags: Flag.shared });
      await expect(store.text('count', `@${own.token}`)).rejects.toThrow(
        /^NOSESSION no such session: no shared session has this name$/,
      );
      expect(await store.text('count', `@${shared.token}`)).toBe(0);
      await expect(store.text('rotate', shared.token, newToken(), 0)).rejects.toThrow(
        /^ERR the token of a shared session is derived from its name, so it cannot be rotated$/,
      );
    });

    it('with an id leads to one session, and to none that has its token later', async () => {
      const { token, member } = await store.create();
      const id = idOf(member);
      const later = newToken();
      await store.call('rotate', token, later, 0);
      expect(await store.text('tokens', id)).toEqual([later]);
      await store.call('end', `=${id}`, 'limit');
      await store.create({ token });
      expect(await store.text('tokens', id)).toEqual([null]);
      expect(await store.text('end', `=${id}`, 'ended')).toBe(null);
      expect(await store.text('exists', token)).toBe(1);
    });
  });

  describe('rotation', () => {
    it('makes the old tokens lead to the session until their grace ends', async () => {
      const { token } = await store.create({ data: ['cart', 'pizza'] });
      const tokens = [token, newToken(), newToken(), newToken()];
      await store.call('rotate', tokens[0], tokens[1], 600_000);
      await store.call('rotate', tokens[1], tokens[2], 600_000);
      for (const each of tokens.slice(0, 3)) expect(await store.text('get', each, 0, 'cart')).toBe('pizza');
      await store.call('rotate', tokens[2], tokens[3], 50);
      await eventually(async () => (await store.text('exists', tokens[2])) === 0);
      expect(await store.text('exists', tokens[1])).toBe(1);
      const last = newToken();
      await store.call('rotate', tokens[1], last, 0);
      for (const each of tokens) expect(await store.text('exists', each)).toBe(0);
      expect(await store.text('exists', last)).toBe(1);
      expect(await store.text('count', last)).toBe(1);
      expect(await store.text('keys', last)).toEqual(['cart']);
    });

    it('keeps at most 16 old tokens, those whose grace ends last', async () => {
      const { token } = await store.create();
      const tokens = [token];
      for (let i = 0; i < 17; i++) {
        tokens.push(newToken());
        await store.call('rotate', tokens[i], tokens[i + 1], i === 5 ? 50_000 : 60_000);
      }
      const there = await Promise.all(tokens.map((each) => store.text('exists', each)));
      expect(there.map((is, i) => (is === 0 ? i : -1)).filter((i) => i >= 0)).toEqual([5]);
      await store.call('end', tokens[0], 'ended');
      expect((await store.keys()).filter((key) => /^[st]:/.test(key))).toEqual([]);
    });
  });

  describe('a deadline', () => {
    it('ends the session at the next call, with its data in the event', async () => {
      const { token } = await store.create({ duration: 50, data: ['cart', 'pizza'] });
      await due(60);
      await expect(store.text('get', token, 1, 'cart')).rejects.toThrow(/^NOSESSION/);
      const [created, expired, ...others] = await events();
      expect([created.event, expired.event, others]).toEqual(['new', 'expired', []]);
      expect(expired.token.toString()).toBe(token);
      expect(expired.name.toString()).toBe('user:42');
      expect(expired.data?.map(String)).toEqual(['cart', 'pizza']);
      expect(expired.at).toBeGreaterThanOrEqual(expired.created + 49);
    });

    it('clears a session that survives it, whose next write starts a new duration', async () => {
      const { token, member } = await store.create({ flags: 0, duration: 50, data: ['cart', 'pizza'] });
      await due(60);
      expect(await store.text('getmany', token, 1, 'cart', 'lang')).toEqual([null, null]);
      expect(await store.text('ttl', token)).toBe(-1);
      expect(await store.redis.pttl(`${BASE}:s:${token}`)).toBe(-1);
      expect(await store.text('exec', 0, 'set', 4, token, 1, 'lang', 'en', 'ttl', 1, token)).toEqual([1, 50]);
      expect(await eventNames()).toEqual(['new', 'cleared']);
      await due(60);
      expect(await store.text('reap', member)).toEqual([expect.any(Number), -1]);
    });

    it('at the maximum age ends the session whatever else is set', async () => {
      const { token, member } = await store.create({ flags: Flag.extendGet, duration: 40, maxAge: 1000 });
      await due(1000);
      expect(await store.text('reap', member)).toEqual([expect.any(Number), -3]);
      expect(await store.text('exists', token)).toBe(0);
      expect(await eventNames()).toEqual(['new', 'cleared', 'maxage']);
    });

    it.each([
      ['get', Flag.extendGet, true],
      ['getmany', Flag.extendGet, true],
      ['getall', Flag.extendGet, true],
      ['get', Flag.extendSet, false],
      ['contains', Flag.extendGet, false],
      ['count', Flag.extendGet, false],
      ['set', Flag.extendSet, true],
      ['set', Flag.extendGet, false],
      ['del', Flag.extendSet, true],
      ['clear', Flag.extendSet, true],
      ['replace', Flag.extendSet, true],
      ['incrby', Flag.extendSet, true],
      ['append', Flag.extendSet, true],
      ['cas', Flag.extendSet, true],
    ])('is moved by %s with the flag %i: %s', async (fn, flag, moves) => {
      const { token } = await store.create({ flags: flag, duration: 1_000_000, data: ['k', '1'] });
      const args = { set: ['k', 2], incrby: ['k', 2], append: ['k', 2, 10], cas: ['k', 1, 2], replace: ['k', 2] }[fn];
      const rest = fn === 'clear' || fn === 'getall' || fn === 'count' ? [] : (args ?? ['k']);
      await due(1);
      const all = [token, ...(fn === 'contains' || fn === 'count' ? [] : [1]), ...rest];
      // Both happen at the same time.
      const [, left] = await store.text<number[]>('exec', 0, fn, all.length, all, 'ttl', 1, token);
      if (moves) expect(left).toBe(1_000_000);
      else expect(left).toBeLessThan(1_000_000);
    });

    it('does not move the session in the set of what is due until it is looked at', async () => {
      const { token, member } = await store.create({ flags: 1 + Flag.extendGet, duration: 100_000 });
      const [, , first] = await store.text<number[]>('due', 200_000, 10);
      await due(5);
      await store.call('get', token, 1, 'cart');
      expect((await store.text<number[]>('due', 200_000, 10))[2]).toBe(first);
      const [, left] = await store.text<number[]>('reap', member);
      expect(left).toBeGreaterThan(0);
      expect((await store.text<number[]>('due', 200_000, 10))[2]).toBeGreaterThan(first);
    });

    it.each([
      ['earlier', 1000],
      ['much later', 10_000_000],
    ])('that is set %s moves the session at once', async (_, duration) => {
      const { token } = await store.create({ duration: 100_000 });
      const [, , first] = await store.text<number[]>('due', 20_000_000, 10);
      expect(await store.text('expire', token, duration, '')).toBe(1);
      const [, , score] = await store.text<number[]>('due', 20_000_000, 10);
      expect(Math.sign(score - first)).toBe(Math.sign(duration - 100_000));
      expect(await store.redis.pexpiretime(`${BASE}:s:${token}`)).toBe(score + 3_600_000);
    });

    it('that was far is announced when it comes near', async () => {
      const { token, member } = await store.create({ duration: 100_000 });
      const listener = store.redis.duplicate();
      const message = new Promise<Buffer>((resolve) => listener.on('smessageBuffer', (_, text) => resolve(text)));
      await listener.ssubscribe(`${BASE}:due`);
      await store.call('expire', token, 1000, '');
      const [, , score] = await store.text<number[]>('due', 5000, 10);
      expect(await message).toEqual(Buffer.concat([Buffer.from(`${score} `), member]));
      listener.disconnect();
    });

    it('is published late when the node has removed the session by itself', async () => {
      const { token, member } = await store.create({ duration: 100_000 });
      await store.redis.del(`${BASE}:s:${token}`);
      expect(await store.text('reap', member)).toEqual([expect.any(Number), -3]);
      expect(await store.text('reap', member)).toEqual([expect.any(Number), -2]);
      const [, expired] = await events();
      expect(expired).toMatchObject({ event: 'expired', data: undefined, sizes: undefined });
      expect(expired.created).toBe(Math.floor(Number(member.toString('latin1', 22, 38)) / 1000));
      expect(await store.call('leftovers', -1000, -1000, 10)).toEqual([[], [member]]);
    });

    it('is reaped even if another session cannot be', async () => {
      const [broken, alien, good] = [await store.create(), await store.create(), await store.create({ duration: 1 })];
      await store.redis.hset(`${BASE}:s:${broken.token}`, '', 'x');
      await store.redis.del(`${BASE}:s:${alien.token}`);
      await store.redis.set(`${BASE}:s:${alien.token}`, 'not a session');
      await due(2);
      const members = [broken, alien, good].map(({ member }) => member);
      expect(await store.text('reap', ...members)).toEqual([expect.any(Number), -2, -2, -3]);
      expect(await eventNames()).toEqual(['new', 'new', 'new', 'expired']);
    });

    it('of a session that ended is nothing to reap, even if another session has its token now', async () => {
      const { token, member } = await store.create({ duration: 60_000 });
      await store.call('end', token, 'ended');
      await store.create({ token, duration: 60_000 });
      expect(await store.text('reap', member)).toEqual([expect.any(Number), -2]);
      expect(await store.text('exists', token)).toBe(1);
    });
  });

  describe('data', () => {
    it('may be 100,000 keys in every operation', async () => {
      const keys = Array.from({ length: 100_000 }, (_, i) => `key:${i}`);
      const pairs = keys.flatMap((key, i) => [key, `${i}`]);
      const bytes = pairs.join('').length;
      const { token } = await store.create({ duration: 60_000, data: pairs });
      expect(await store.text('count', token)).toBe(100_000);
      expect((await store.info(token)).bytes).toBe(bytes);
      expect(await store.text('set', token, 1, pairs)).toBe(1);
      expect(await store.text('add', token, 1, pairs, 'more', '1')).toBe(1);
      expect(await store.text('getmany', token, 1, keys)).toEqual(keys.map((_, i) => `${i}`));
      expect(await store.text('contains', token, keys, 'other')).toEqual([...keys.map(() => 1), 0]);
      expect((await store.text<string[]>('getall', token, 1)).length).toBe(200_002);
      expect((await store.text<string[]>('keys', token)).length).toBe(100_001);
      expect(await store.text('replace', token, 1, pairs)).toBe(100_001);
      expect(await store.text('del', token, 1, keys.slice(1), 'other')).toBe(99_999);
      expect((await store.info(token)).bytes).toBe(6);
      await store.call('replace', token, 1, pairs);
      expect(await store.text('end', token, 'ended')).not.toBe(null);
      const { sizes } = (await events()).at(-1) ?? {};
      expect(sizes?.count).toBe(100_000);
      expect(sizes?.entries).toHaveLength(10_000);
      for (const { key, length } of sizes?.entries ?? []) expect(`${key.length - 4}`).toBe(`${length}`);
    });

    it('that is too large for an event is described by its sizes', async () => {
      const { token } = await store.create({ data: ['large', Buffer.alloc(4 * 1024 * 1024), 'small', 'x'] });
      await store.call('end', token, 'ended');
      const { data, sizes } = (await events()).at(-1) ?? {};
      expect(data).toBeUndefined();
      expect(sizes?.count).toBe(2);
      expect(sizes?.entries).toHaveLength(2);
      expect(sizes?.entries).toEqual(
        expect.arrayContaining([
          { key: Buffer.from('large'), length: 4 * 1024 * 1024 },
          { key: Buffer.from('small'), length: 1 },
        ]),
      );
    });

    it('may be a value of 64 MB', async () => {
      const value = Buffer.alloc(64 * 1024 * 1024, 0x80);
      const { token } = await store.create({ data: ['large', value] });
      expect(value.equals(await store.call('get', token, 1, 'large'))).toBe(true);
      expect(await store.text('append', token, 1, 'large', 'x', value.length + 1)).toBe(value.length + 1);
      await expect(store.text('append', token, 1, 'large', 'x', value.length + 1)).rejects.toThrow(
        /^ERR string exceeds maximum allowed size \(proto-max-bulk-len\)$/,
      );
      await store.call('end', token, 'ended');
    });

    it('may be 64-bit integers', async () => {
      const { token } = await store.create();
      const add = (key: string, by: string) => store.text('incrby', token, 1, key, by);
      expect(await add('n', '9223372036854775806')).toBe('9223372036854775806');
      expect(await add('n', '1')).toBe('9223372036854775807');
      await expect(add('n', '1')).rejects.toThrow(/^ERR increment or decrement would overflow$/);
      expect(await add('m', '-9223372036854775808')).toBe('-9223372036854775808');
      await expect(add('m', '-1')).rejects.toThrow(/^ERR increment or decrement would overflow$/);
      expect(await store.text('getall', token, 0)).toEqual([
        ...['n', '9223372036854775807'],
        ...['m', '-9223372036854775808'],
      ]);
      expect((await store.info(token)).bytes).toBe(41);
      for (const value of ['', ' 1', '1 ', '01', '+1', '-0', '1.0', '9223372036854775808', '1e3', '0x1', '1\0']) {
        await store.call('set', token, 1, 'n', value);
        await expect(add('n', '1'), value).rejects.toThrow(
          /^ERR value is not an integer: the value of this key must be a whole number from -2\^63 to 2\^63 - 1$/,
        );
      }
    });
  });

  describe('the index of a name', () => {
    it('has its sessions in the order of their creation', async () => {
      const members = [];
      for (let i = 0; i < 5; i++) members.push((await store.create()).member);
      const ids = members.map(idOf);
      expect(await store.call('page', 'user:42', '', 10)).toEqual(ids);
      expect(await store.call('page', 'user:42', ids[1].subarray(22), 2)).toEqual(ids.slice(2, 4));
      expect(await store.call('page', 'user:42', ids[4].subarray(22), 2)).toEqual([]);
      expect(await store.text('namescan', 0, 10)).toEqual(['0', 'user:42', 5]);
      expect(await store.text('unindex', ...members)).toBe(5);
      expect(await store.text('namescan', 0, 10)).toEqual(['0']);
    });

    it('gets an entry back that index repair has removed too early', async () => {
      const { member } = await store.create();
      await store.call('unindex', member);
      expect(await store.text('indexed', member)).toBe(1);
      expect(await store.call('page', 'user:42', '', 10)).toEqual([idOf(member)]);
      const leftovers = () => store.callAt(NAMES_BASE, 'leftovers', -1000, -1000, 10);
      expect(await leftovers()).toEqual([[member], []]);
      await store.call('indexed', member);
      expect(await leftovers()).toEqual([[], []]);
    });
  });

  describe('a session in the partition of its name', () => {
    const createAtHome = (token: string, most = 16, elsewhere = '', flags = 1) =>
      store.call('createathome', token, 'user:42', flags, 60_000, 0, most, elsewhere, 'cart', 'pizza');
    const page = () => store.callAt<Buffer[]>(BASE, 'page', 'user:42', '', 10);

    it('is created, and ends, with its entry in the index', async () => {
      const [one, other] = [newToken(), newToken()];
      expect(await createAtHome(one)).toBe(1);
      expect(await createAtHome(other)).toBe(2);
      const tokens = (await page()).map((id) => id.toString('latin1', 0, 22));
      expect(tokens).toEqual([one, other]);
      expect(await store.text('getall', one, 0)).toEqual(['cart', 'pizza']);
      expect(await store.stats()).toMatchObject({ sessions: 2, keys: 2, bytes: 18, names: 1 });
      expect(await store.text('end', one, 'ended')).toBe(1);
      expect(await store.text('endsome', '0', 10)).toEqual(['0', 1]);
      expect(await store.keys()).toEqual(['events', 'stats']);
    });

    it('leaves the index when it is reaped', async () => {
      const [one, other] = [newToken(), newToken()];
      await createAtHome(one);
      await createAtHome(other);
      const [id] = await page();
      await store.call('expire', one, 1, '');
      await eventually(async () => (await store.text<number[]>('reap', `${id}user:42`))[1] === -1);
      expect((await page()).length).toBe(1);
      // The node itself removes it.
      await store.redis.del(`${BASE}:s:${other}`);
      const [last] = await page();
      expect(await store.text('reap', `${last}user:42`)).toEqual([expect.any(Number), -1]);
      expect(await store.keys()).toEqual(['events', 'stats']);
    });

    it('is only entered in the index, for another token, if its name has many', async () => {
      const [one, other] = [newToken(), newToken()];
      await createAtHome(one, 1, other);
      const created = String(await createAtHome(newToken(), 1, other));
      const member = Buffer.from(`${other}${created}user:42`);
      expect((await page())[1]).toEqual(idOf(member));
      expect(await store.callAt(BASE, 'leftovers', -1000, -1000, 10)).toEqual([[member], []]);
      expect(await store.text('exists', other)).toBe(0);
      expect(await createAtHome(newToken(), 1)).toBe(3);
    });

    it('is not entered in the index if its token is taken', async () => {
      const token = newToken();
      await createAtHome(token);
      await expect(createAtHome(token)).rejects.toThrow(/^SESSIONEXISTS a session with this token/);
      await expect(createAtHome(token, 16, '', 9)).rejects.toThrow(/^SESSIONEXISTS a shared session/);
      expect(await page()).toHaveLength(1);
    });
  });

  describe('all sessions of a partition', () => {
    it('are listed, counted and ended', async () => {
      const all = [];
      for (let i = 0; i < 300; i++) all.push(await store.create({ name: `user:${i}`, data: ['cart', 'pizza'] }));
      const tokens: string[] = [];
      for (let cursor = '0'; ; ) {
        const [next, ...page] = await store.text<string[]>('scan', cursor, 50);
        tokens.push(...page.filter((_, i) => i % 2 === 0));
        cursor = next;
        if (cursor === '0') break;
      }
      expect(new Set(tokens)).toEqual(new Set(all.map(({ token }) => token)));
      expect(await store.stats()).toEqual({
        ...{ sessions: 300, keys: 300, bytes: 2700, names: 0 },
        ...{ timedKeys: 0, sessionsWithTimedKeys: 0 },
        ...{ created: 300, ended: 0, expired: 0, cleared: 0, rotated: 0, keysExpired: 0 },
      });
      const ended: string[] = [];
      for (let cursor = '0'; ; ) {
        const [next, ...page] = await store.text<string[]>('endsome', cursor, 50);
        ended.push(...page);
        cursor = next;
        if (cursor === '0') break;
      }
      expect(new Set(ended)).toEqual(new Set(all.map(({ member }) => member.toString('latin1'))));
      expect((await store.stats()).sessions).toBe(0);
    });
  });

  describe('a list of sessions', () => {
    it('shows sizes and values of those that are there', async () => {
      const { token, member } = await store.create({ duration: 60_000, data: ['cart', 'pizza', '', 'empty'] });
      const gone = await store.create();
      await store.call('end', gone.token, 'ended');
      await store.call('rotate', token, newToken(), 60_000);
      expect(await store.text('list', 2, idOf(member), idOf(gone.member), 1, '', 'lang')).toEqual([
        [expect.any(Number), expect.any(Number), 14, 2, ['cart', 5, '', 5], ['empty', null]],
        null,
      ]);
      expect((await store.text<unknown[][]>('list', 1, idOf(member), 0))[0].slice(4)).toEqual([[], []]);
    });

    it.each([64, 100, 1000])('shows 64 of %i keys', async (count) => {
      const data = Array.from({ length: count }, (_, i) => [`key:${i}`, 'x'.repeat(i)]).flat();
      const { member } = await store.create({ data });
      const [[, , , keys, sizes]] = await store.text<[number, number, number, number, (string | number)[]][]>(
        'list',
        ...[1, idOf(member), 1],
      );
      expect(keys).toBe(count);
      expect(sizes).toHaveLength(128);
      for (let i = 0; i < 128; i += 2) expect(sizes[i]).toBe(`key:${sizes[i + 1]}`);
    });
  });

  describe('a transaction', () => {
    it('runs if nothing watched has changed, and puts errors in their places', async () => {
      const { token } = await store.create({ data: ['n', 'x'] });
      const absent = newToken();
      const version = await store.text<string>('version', token);
      const watched = [2, token, version, absent, ''] as const;
      const commands = ['get', 3, token, 1, 'none', 'incrby', 4, token, 1, 'n', 1, 'set', 4, token, 1, 'n', 1] as const;
      const [none, failed, set, unknown] = await store.text<unknown[]>('exec', ...watched, ...commands, 'exec', 1, 0);
      expect([none, set]).toEqual([null, 1]);
      expect(String(failed)).toMatch(/ERR value is not an integer/);
      expect(String(unknown)).toMatch(/ERR unknown function/);
      expect(await store.text('exec', ...watched, ...commands)).toBe(null);
      expect(await store.text('get', token, 0, 'n')).toBe('1');
    });

    it('does not run if a watched session has changed, ended, expired or been created', async () => {
      const changes: [string, (token: string) => Promise<unknown>, changes: boolean][] = [
        ['set', (token) => store.call('set', token, 1, 'n', 1), true],
        ['expire', (token) => store.call('expire', token, 60_000, ''), true],
        ['rotate', (token) => store.call('rotate', token, newToken(), 60_000), true],
        ['end', (token) => store.call('end', token, 'ended'), true],
        [
          'end and create',
          async (token) => {
            await store.call('end', token, 'ended');
            await store.create({ token });
          },
          true,
        ],
        ['get', (token) => store.call('get', token, 1, 'n'), false],
        ['touch', (token) => store.call('touch', token), false],
        ['add nothing', (token) => store.call('add', token, 1, 'cart', 'x'), false],
      ];
      for (const [what, change, isChange] of changes) {
        const { token } = await store.create({ duration: 60_000, flags: 7, data: ['cart', 'pizza'] });
        const version = await store.text<string>('version', token);
        await change(token);
        expect(await store.text('exec', 1, token, version), what).toEqual(isChange ? null : []);
      }
    });
  });

  describe('an event', () => {
    it('is published as it is added to the outbox', async () => {
      const listener = store.redis.duplicate();
      const messages: Buffer[] = [];
      listener.on('smessageBuffer', (_, text) => messages.push(text));
      await listener.ssubscribe(`${BASE}:events`);
      const { token } = await store.create({ data: ['a', 'b'] });
      const { token: large } = await store.create({ data: ['a', Buffer.alloc(100_000)] });
      await store.call('end', token, 'ended');
      await store.call('end', large, 'limit');
      await eventually(() => messages.length === 4);
      const [last, ...entries] = await store.call<Buffer[]>('events', '0-0', 10);
      for (let i = 0; i < 4; i++) {
        const [id, payload] = entries.slice(2 * i, 2 * i + 2);
        const published = i === 3 ? [id, Buffer.from(' ')] : [id, Buffer.from(' '), payload];
        expect(messages[i]).toEqual(Buffer.concat(published));
      }
      expect(last).toEqual(entries[6]);
      expect(await store.call('events', entries[4], 10)).toEqual([last, entries[6], entries[7]]);
      expect(await store.call('events', '$', 10)).toEqual([last]);
      expect(await store.call('events', '-3600000', 10)).toEqual([last, ...entries]);
      listener.disconnect();
    });

    it('is in the outbox only so long', async () => {
      expect(await store.text('events', '$', 10)).toEqual(['0-0']);
      expect(await store.text('events', '-1000', 10)).toEqual(['0-0']);
      for (let i = 0; i < 300; i++) await store.create();
      await store.call('due', 1000, 10, 100);
      const { length } = await events();
      expect(length).toBeLessThan(300);
      expect(length).toBeGreaterThanOrEqual(100);
      await store.call('due', 1000, 10, 1000, -1000);
      expect((await events()).length).toBeLessThan(100);
    });
  });

  it('when the node has no more memory, refuse only what adds something', async () => {
    const { token } = await store.create({ data: ['cart', 'pizza'] });
    await store.redis.config('SET', 'maxmemory', 1);
    try {
      await expect(store.text('set', token, 1, 'cart', 'x')).rejects.toThrow(
        /^OOM command not allowed when used memory > 'maxmemory'\.$/,
      );
      expect(await store.text('get', token, 1, 'cart')).toBe('pizza');
      expect(await store.text('rotate', token, newToken(), 60_000)).toBe(1);
      expect(await store.text('del', token, 1, 'cart')).toBe(1);
      expect(await store.call('end', token, 'ended')).not.toBe(null);
    } finally {
      await store.redis.config('SET', 'maxmemory', 0);
    }
  });

  describe('the store', () => {
    it('is set up once', async () => {
      const secret = Buffer.alloc(32, 0xff);
      expect(await store.call('setup', 256, secret)).toEqual([Buffer.from('1'), Buffer.from('256'), secret]);
      expect(await store.call('setup', 16, 'other')).toEqual([Buffer.from('1'), Buffer.from('256'), secret]);
    });

    it('knows the processes that have shown up', async () => {
      expect((await store.text<string[]>('heartbeat', 'one', 60_000)).slice(1)).toEqual(['one']);
      expect((await store.text<string[]>('heartbeat', 'two', 60_000)).slice(1)).toEqual(['one', 'two']);
      expect((await store.text<string[]>('heartbeat', 'one', 0)).slice(1)).toEqual(['two']);
      await eventually(async () => (await store.text<string[]>('heartbeat', 'three', 1)).length === 2);
    });
  });
});
