import { describe, expect, it } from 'vitest';
import type { Suite } from './suite.js';

export function creation(suite: Suite): void {
  describe('SESSION.NEW', () => {
    it('without options, creates an empty session that stays until it is ended', async () => {
      const client = await suite.connect();
      const info = await client.map('SESSION.INFO', await client.create('basket'));
      expect(info).toEqual({
        name: 'basket',
        keys: 0,
        shared: 0,
        extend: 'none',
        duration: 0,
        deleteSession: 1,
        maxage: 0,
        pttl: -1,
        created: expect.any(Number),
        bytes: 0,
        encoding: expect.any(String),
      });
    });

    it('takes its options in any order and in any case', async () => {
      const client = await suite.connect();
      const token = 'B'.repeat(21).concat('A');
      const plain = await client.create('user:1', '1000', 'no', 'data', 'k', '1', 'nn', '22');
      expect(await client.map('SESSION.INFO', plain)).toMatchObject({
        keys: 2,
        bytes: 6,
        duration: 1000,
        deleteSession: 0,
      });
      const options = ['token', token, 'LIMIT', '5', 'maxage', '2000', 'Extend', 'both', 'DATA', 'k', '1'];
      expect(await client.create('user:1', '1000', ...options)).toBe(token);
      expect(await client.map('SESSION.INFO', token)).toMatchObject({
        keys: 1,
        extend: 'both',
        duration: 1000,
        deleteSession: 1,
        maxage: 2000,
      });
    });

    it.each([
      ['GET', 'get'],
      ['SET', 'set'],
      ['BOTH', 'both'],
    ])('EXTEND %s is shown by INFO', async (word, extend) => {
      const client = await suite.connect();
      const token = await client.create('basket', '10', 'EXTEND', word);
      expect(await client.map('SESSION.INFO', token)).toMatchObject({ extend });
    });

    it('DATA may have a key twice: the last value counts', async () => {
      const client = await suite.connect();
      const token = await client.create('basket', 'DATA', 'k', '1', 'k', '2');
      expect(await client.map('SESSION.GETALL', token)).toEqual({ k: '2' });
    });

    it('a request that is refused creates nothing', async () => {
      const client = await suite.connect();
      const options = 'the options are DATA, EXTEND, MAXAGE, LIMIT, TOKEN, SHARED';
      for (const [words, error] of [
        [['EXTEND', 'GET'], 'syntax error: EXTEND needs a ttl of at least 1, because it restarts the ttl'],
        [['0', 'EXTEND', 'GET'], 'syntax error: EXTEND needs a ttl of at least 1, because it restarts the ttl'],
        [['10', 'EXTEND', 'ALL'], 'syntax error: EXTEND must be GET, SET or BOTH'],
        [['10', 'EXTEND'], 'syntax error: EXTEND needs a value'],
        [['MAXAGE'], 'syntax error: MAXAGE needs a value'],
        [['MAXAGE', '10', 'MAXAGE', '10'], 'syntax error: MAXAGE is given twice'],
        [['10', 'maybe'], `syntax error: deleteSession must be yes, no, true, false, 1 or 0; ${options}`],
        [['10', 'yes', 'maybe'], `syntax error: argument 4 is not expected here; ${options}`],
        [['DATA'], "wrong number of arguments for 'session.new' command: each key needs a value"],
        [['DATA', 'k'], "wrong number of arguments for 'session.new' command: each key needs a value"],
      ] as const) {
        expect(await client.refusal('SESSION.NEW', 'basket', ...words)).toBe(`ERR ${error}`);
      }
      expect(await client.ask('SESSION.TOKENS', 'basket')).toEqual([]);
    });
  });
}
