import { describe, expect, it } from 'vitest';
import { NO_SESSION } from './commands.js';
import type { Suite } from './suite.js';

/** The most old tokens that a session has. */
const MOST = 16;

export function rotation(suite: Suite): void {
  describe('ROTATE', () => {
    it('gives the session a new token and changes nothing else', async () => {
      const [client, other] = [await suite.connect(), await suite.connect()];
      const old = await client.create('user:1', '1000', 'no', 'EXTEND', 'SET', 'MAXAGE', '2000', 'DATA', 'k', '1');
      await suite.pass(1000);
      const before = await client.map('SESSION.INFO', old);
      const id = await client.ask('SESSION.ID', old);
      const token = String(await client.ask('SESSION.ROTATE', old));
      expect(token).toMatch(/^[\w-]{21}[AQgw]$/);
      expect(token).not.toBe(old);
      expect(await other.refusal('SESSION.GET', old, 'k')).toBe(NO_SESSION);
      const { pttl, ...after } = await other.map('SESSION.INFO', token);
      expect(before).toMatchObject(after);
      suite.expectLeft(pttl, Number(before.pttl));
      expect(await other.ask('SESSION.ID', token)).toBe(id);
      expect(await other.map('SESSION.GETALL', token)).toEqual({ k: '1' });
      expect(await other.ask('SESSION.TOKENS', 'user:1')).toEqual([token]);
    });

    it('with GRACE, the old token leads to the session for that long', async () => {
      const client = await suite.connect();
      const old = await client.create('user:1', 'DATA', 'k', '1');
      const token = String(await client.ask('SESSION.ROTATE', old, 'GRACE', '2'));
      await client.ask('SESSION.SET', old, 'k', '2');
      expect(await client.ask('SESSION.GET', token, 'k')).toBe('2');
      expect(await client.ask('SESSION.TOKENS', 'user:1')).toEqual([token]);
      await suite.pass(1000);
      expect(await client.ask('SESSION.MEXISTS', old, token)).toEqual([1, 1]);
      await suite.pass(1000);
      expect(await client.refusal('SESSION.GET', old, 'k')).toBe(NO_SESSION);
      expect(await client.ask('SESSION.GET', token, 'k')).toBe('2');
    });

    it('an old token is not valid past its grace, even if the store has not noticed', async () => {
      const client = await suite.connect();
      const old = await client.create('user:1');
      const token = String(await client.ask('SESSION.ROTATE', old, 'GRACE', '1'));
      await suite.passUnnoticed(1000);
      expect(await client.ask('SESSION.MEXISTS', old, token)).toEqual([0, 1]);
    });

    it.each([['without GRACE'], ['with GRACE 0', 'GRACE', '0']])(
      '%s, every old token stops working at once',
      async (_, ...grace) => {
        const client = await suite.connect();
        const first = await client.create('user:1');
        const second = String(await client.ask('SESSION.ROTATE', first, 'GRACE', '1000'));
        const third = String(await client.ask('SESSION.ROTATE', first, ...grace));
        expect(await client.ask('SESSION.MEXISTS', first, second, third)).toEqual([0, 0, 1]);
      },
    );

    it(`a session has at most ${MOST} old tokens: another one replaces the one whose grace ends first`, async () => {
      const client = await suite.connect();
      const tokens = [await client.create('user:1')];
      // The grace of the token at place 5 ends first.
      for (let i = 0; i <= MOST; i++) {
        const grace = i === 5 ? '100' : String(1000 - i);
        tokens.push(String(await client.ask('SESSION.ROTATE', tokens[i], 'GRACE', grace)));
      }
      const exist = tokens.map((_, i) => (i === 5 ? 0 : 1));
      expect(await client.ask('SESSION.MEXISTS', ...tokens)).toEqual(exist);
    });

    it('a session that is ended by an old token is gone, with all its tokens', async () => {
      const client = await suite.connect();
      const old = await client.create('user:1');
      const token = String(await client.ask('SESSION.ROTATE', old, 'GRACE', '1000'));
      expect(await client.ask('SESSION.END', old)).toBe(1);
      expect(await client.ask('SESSION.MEXISTS', old, token)).toEqual([0, 0]);
      // Both tokens are free again.
      expect([await client.create('a', 'TOKEN', old), await client.create('b', 'TOKEN', token)]).toEqual([old, token]);
    });

    it('no other session gets an old token while it is valid', async () => {
      const client = await suite.connect();
      const old = await client.create('user:1');
      await client.ask('SESSION.ROTATE', old, 'GRACE', '1000');
      expect(await client.refusal('SESSION.NEW', 'other', 'TOKEN', old)).toBe(
        'SESSIONEXISTS a session with this token already exists',
      );
    });

    it.each([
      [['GRACE'], 'GRACE needs a value'],
      [['NOW'], 'argument 2 must be GRACE'],
      [['GRACE', '10', 'NOW'], 'argument 4 is not expected here'],
    ])('refuses the options %j, and rotates nothing', async (options, error) => {
      const client = await suite.connect();
      const token = await client.create('user:1');
      expect(await client.refusal('SESSION.ROTATE', token, ...options)).toBe(`ERR syntax error: ${error}`);
      expect(await client.ask('SESSION.TOKENS', 'user:1')).toEqual([token]);
    });

    it('a shared session is not rotated', async () => {
      const client = await suite.connect();
      const token = await client.create('news', 'SHARED', 'DATA', 'k', '1');
      for (const given of [token, '@news']) {
        expect(await client.refusal('SESSION.ROTATE', given)).toBe(
          'ERR the token of a shared session is derived from its name, so it cannot be rotated',
        );
      }
      expect(await client.ask('SESSION.GET', token, 'k')).toBe('1');
    });
  });
}
