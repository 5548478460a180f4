import { describe, expect, it } from 'vitest';
import type { Words } from './client.js';
import { NOBODY } from './commands.js';
import type { Suite } from './suite.js';

export function tokens(suite: Suite): void {
  describe('rule 9: tokens', () => {
    it('are 128 random bits, written as 22 characters of base64url', async () => {
      const client = await suite.connect();
      const created: string[] = [];
      for (let i = 0; i < 200; i++) created.push(await client.create('basket'));
      expect(new Set(created).size).toBe(200);
      const ones = new Array<number>(128).fill(0);
      for (const token of created) {
        expect(token).toMatch(/^[\w-]{21}[AQgw]$/);
        const bytes = Buffer.from(token, 'base64url');
        for (let bit = 0; bit < 128; bit++) ones[bit] += (bytes[bit >> 3] >> (bit & 7)) & 1;
      }
      // Each bit is sometimes 0 and sometimes 1. For random bits this fails once in 10^57 runs.
      expect(Math.min(...ones)).toBeGreaterThan(0);
      expect(Math.max(...ones)).toBeLessThan(200);
    });

    it('of shared sessions are derived from their names, at every server and at every time', async () => {
      const [client, other] = [await suite.connect(), await suite.connect()];
      const token = await client.create('news', 'SHARED');
      expect(token).toMatch(/^[\w-]{21}[AQgw]$/);
      expect(await other.ask('SESSION.OPEN', 'news')).toBe(token);
      await other.ask('SESSION.END', token);
      expect(await other.create('news', 'SHARED')).toBe(token);
      const others = [await client.create('New', 'SHARED'), await client.create('newss', 'SHARED')];
      expect(new Set([token, ...others]).size).toBe(3);
    });

    it('can be chosen by the client, if they are well-formed and not in use', async () => {
      const client = await suite.connect();
      expect(await client.create('basket', 'TOKEN', NOBODY, 'DATA', 'k', '1')).toBe(NOBODY);
      expect(await client.refusal('SESSION.NEW', 'other', 'TOKEN', NOBODY)).toBe(
        'SESSIONEXISTS a session with this token already exists',
      );
      const malformed = 'ERR a token must be 128 bits in base64url: 22 characters, of which the last is A, Q, g or w';
      for (const token of [
        '',
        'A',
        NOBODY.slice(1),
        `${NOBODY}A`,
        NOBODY.replace(/A$/, 'B'),
        NOBODY.replace(/^A/, '+'),
      ]) {
        expect(await client.refusal('SESSION.NEW', 'other', 'TOKEN', token), token).toBe(malformed);
      }
      expect(await client.ask('SESSION.TOKENS', 'other')).toEqual([]);
      expect(await client.ask('SESSION.GET', NOBODY, 'k')).toBe('1');
    });

    it('never appear in error messages', async () => {
      const client = await suite.connect();
      const token = await client.create('basket', 'DATA', 'k', 'text');
      const refused: readonly Words[] = [
        ['SESSION.GET', token],
        ['SESSION.SET', token, 'k'],
        ['SESSION.INCRBY', token, 'k', '1'],
        ['SESSION.INCRBY', token, 'k', token],
        ['SESSION.NEW', 'basket', token],
        ['SESSION.NEW', 'basket', '10', token],
        ['SESSION.NEW', 'basket', '10', 'yes', token],
        ['SESSION.NEW', 'basket', 'TOKEN', token],
        ['SESSION.NEW', 'basket', 'TOKEN', `${token}x`],
        ['SESSION.NEW', 'basket', 'EXTEND', token],
        ['SESSION.NEW', 'basket', 'MAXAGE', token],
        ['SESSION.EXPIRE', token, token],
        ['SESSION.ROTATE', token, token],
        ['SESSION.ROTATE', token, 'GRACE', token],
        ['SESSION.LIST', 'basket', token],
        ['SESSION.LIST', 'basket', 'CURSOR', token],
        ['SESSION.SCAN', token],
        ['SESSION.NAMES', '0', token],
        ['SESSION.OPEN', token],
        ['SESSION.GET', `@${token}`, 'k'],
        ['SESSION.GET', `${token}x`, 'k'],
        ['SESSION.GETT', token, 'k'],
      ];
      for (const words of refused) {
        expect(await client.refusal(...words), String(words)).not.toContain(token);
      }
    });
  });
}
