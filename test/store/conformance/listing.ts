import { describe, expect, it } from 'vitest';
import { NO_SESSION, NOBODY } from './commands.js';
import { listPage, scanAll } from './listings.js';
import type { Suite } from './suite.js';

export function listing(suite: Suite): void {
  describe('public ids', () => {
    it('identify the sessions of a name and open nothing', async () => {
      const client = await suite.connect();
      const tokens = [
        await client.create('user:1'),
        await client.create('user:1'),
        await client.create('user:1', 'SHARED'),
      ];
      const ids: string[] = [];
      for (const token of tokens) ids.push(String(await client.ask('SESSION.ID', token)));
      expect(new Set(ids).size).toBe(3);
      for (const [i, id] of ids.entries()) {
        expect(id).toMatch(/^[\w-]{11}$/);
        expect(tokens[i]).not.toContain(id);
        expect(await client.refusal('SESSION.GET', id, 'k')).toMatch(NO_SESSION);
      }
    });

    it('ENDID ends the sessions of the name that have one of them, and says how many', async () => {
      const [client, other] = [await suite.connect(), await suite.connect()];
      const tokens: string[] = [];
      for (let i = 0; i < 4; i++) tokens.push(await client.create('user:1'));
      const foreign = await client.create('user:2');
      const idOf = async (token: string) => String(await client.ask('SESSION.ID', token));
      const ids = [await idOf(tokens[0]), await idOf(tokens[2]), await idOf(foreign), 'nothing', ''];
      expect(await other.ask('SESSION.ENDID', 'user:1', ...ids, ids[0])).toBe(2);
      expect(await client.ask('SESSION.MEXISTS', ...tokens, foreign)).toEqual([0, 1, 0, 1, 1]);
      expect(await other.ask('SESSION.ENDID', 'user:1', ...ids)).toBe(0);
    });

    it('a session keeps its id, whatever happens to its token', async () => {
      const client = await suite.connect();
      const token = await client.create('user:1');
      const id = String(await client.ask('SESSION.ID', token));
      const rotated = String(await client.ask('SESSION.ROTATE', token, 'GRACE', '1000'));
      expect([await client.ask('SESSION.ID', token), await client.ask('SESSION.ID', rotated)]).toEqual([id, id]);
      expect(await client.ask('SESSION.ENDID', 'user:1', id)).toBe(1);
      expect(await client.ask('SESSION.EXISTS', rotated)).toBe(0);
    });
  });

  describe('SESSION.LIST', () => {
    it('shows the sessions with a name, the oldest first, and no token', async () => {
      const client = await suite.connect();
      const first = await client.create('user:1', '1000', 'EXTEND', 'GET', 'DATA', 'device', 'phone', 'os', 'x');
      await suite.pass(1000);
      const second = await client.create('user:1', 'DATA', 'device', 'laptop');
      await client.create('user:2');
      await client.ask('SESSION.GET', first, 'device');
      const page = await listPage(client, 'user:1', 'SIZES', 'KEYS', 'device', 'nothing');
      expect(page).toEqual({
        cursor: '0',
        sessions: [
          {
            id: await client.ask('SESSION.ID', first),
            created: (await client.map('SESSION.INFO', first)).created,
            lastUsed: expect.any(Number),
            pttl: expect.any(Number),
            bytes: 14,
            keys: 2,
            sizes: expect.anything(),
            values: ['device', 'phone', 'nothing', null],
          },
          {
            id: await client.ask('SESSION.ID', second),
            created: (await client.map('SESSION.INFO', second)).created,
            lastUsed: expect.any(Number),
            pttl: -1,
            bytes: 12,
            keys: 1,
            sizes: ['device', 6],
            values: ['device', 'laptop', 'nothing', null],
          },
        ],
      });
      const [one, two] = page.sessions;
      suite.expectLeft(one.pttl, 1_000_000);
      suite.expectPassed(Number(two.created) - Number(one.created), 1000);
      // To a tenth of a second.
      expect(Number(one.lastUsed) - Number(one.created)).toBeGreaterThanOrEqual(900);
      expect(await listPage(client, 'nobody')).toEqual({ cursor: '0', sessions: [] });
      expect((await listPage(client, 'user:2')).sessions.map(({ sizes, values }) => [sizes, values])).toEqual([
        [undefined, undefined],
      ]);
    });

    it('shows each session that is there throughout exactly once, page by page', async () => {
      const [client, other] = [await suite.connect(), await suite.connect()];
      const tokens: string[] = [];
      const ids: unknown[] = [];
      for (let i = 0; i < 40; i++) {
        tokens.push(await client.create('user:1'));
        ids.push(await client.ask('SESSION.ID', tokens[i]));
      }
      const found: unknown[] = [];
      let cursor = '0';
      for (let page = 0; page === 0 || cursor !== '0'; page++) {
        const { cursor: next, sessions } = await listPage(client, 'user:1', 'CURSOR', cursor, 'COUNT', '7');
        expect(sessions.length).toBeLessThanOrEqual(7);
        found.push(...sessions.map(({ id }) => id));
        // The session at which the next page would start ends, and others come.
        if (page === 1) await other.ask('SESSION.END', tokens[14]);
        await other.create('user:2');
        cursor = next;
      }
      expect(found).toEqual(ids.filter((_, i) => i !== 14));
    });

    it.each([
      [['CURSOR', 'x'], 'ERR invalid cursor: CURSOR must be 0 or a cursor that SESSION.LIST returned'],
      [['KEYS'], 'ERR syntax error: KEYS needs a value'],
      [
        ['COUNT', '0'],
        'ERR value is not an integer or out of range: COUNT must be a whole number from 1 to 2147483647',
      ],
      [['MATCH', 'x'], 'ERR syntax error: argument 2 is not expected here; the options are CURSOR, COUNT, SIZES, KEYS'],
    ])('refuses %j', async (options, error) => {
      const client = await suite.connect();
      expect(await client.refusal('SESSION.LIST', 'user:1', ...options)).toBe(error);
    });
  });

  describe('SESSION.SCAN', () => {
    it('finds every session exactly once, with its name', async () => {
      const [client, other] = [await suite.connect(), await suite.connect()];
      const sessions: [string, string][] = [];
      for (let i = 0; i < 50; i++) {
        const name = `user:${i % 7}`;
        sessions.push([await (i % 2 === 0 ? client : other).create(name), name]);
      }
      sessions.push([await client.create('news', 'SHARED'), 'news']);
      expect((await scanAll(client, 'SESSION.SCAN')).sort()).toEqual([...sessions].sort());
      expect((await scanAll(client, 'SESSION.SCAN', 'COUNT', '3')).sort()).toEqual([...sessions].sort());
      expect((await scanAll(other, 'SESSION.SCAN', 'COUNT', '1000', 'MATCH', 'user:[12]')).sort()).toEqual(
        sessions.filter(([, name]) => ['user:1', 'user:2'].includes(name)).sort(),
      );
    });

    it.each(['SESSION.SCAN', 'SESSION.NAMES'])('%s refuses what is no cursor and no option', async (command) => {
      const client = await suite.connect();
      expect(await client.refusal(command, 'x')).toBe('ERR invalid cursor');
      expect(await client.refusal(command, '0', 'COUNT', '0')).toBe('ERR syntax error');
      expect(await client.refusal(command, '0', 'TYPE', 'x')).toBe(
        'ERR syntax error: argument 2 must be MATCH or COUNT',
      );
    });
  });

  describe('counts', () => {
    it('EXISTS and MEXISTS say which sessions there are', async () => {
      const client = await suite.connect();
      const [one, shared] = [await client.create('a'), await client.create('news', 'SHARED')];
      expect(await client.ask('SESSION.EXISTS', one, one, NOBODY, shared, '@news', 'x', '@x')).toBe(4);
      expect(await client.ask('SESSION.MEXISTS', one, NOBODY, '@news', 'x', '')).toEqual([1, 0, 1, 0, 0]);
    });

    it('SESSION.STATS counts', async () => {
      const client = await suite.connect();
      const before = await client.map('SESSION.STATS');
      const fields = [
        ...['sessions', 'keys', 'bytes', 'names', 'created', 'ended', 'expired', 'cleared', 'keys_expired'],
        ...['timed_keys', 'extended', 'tick', 'slots', 'pending', 'late_p99'],
      ];
      expect(Object.keys(before)).toEqual(fields);
      const token = await client.create('a', '1000', 'DATA', 'k', '1', 'n', '2');
      await client.create('a');
      await client.ask('SESSION.PSETEX', token, '100000', 'k', '3');
      await client.ask('SESSION.TOUCH', token);
      await client.ask('SESSION.END', await client.create('b'));
      const counted = Object.entries({ created: 3, ended: 1, extended: 1 });
      await suite.soon(async () => {
        const after = await client.map('SESSION.STATS');
        expect(after).toMatchObject({ sessions: 2, keys: 2, bytes: 4, timed_keys: 1, names: 1 });
        for (const [field, grown] of counted.filter(([name]) => !suite.stand.uncounted?.includes(name))) {
          expect(Number(after[field]) - Number(before[field]), field).toBe(grown);
        }
      });
    });
  });
}
