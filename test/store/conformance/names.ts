import { describe, expect, it } from 'vitest';
import { scanAll } from './listings.js';
import type { Suite } from './suite.js';

export function names(suite: Suite): void {
  describe('names', () => {
    it('each leads to its sessions, the oldest first', async () => {
      const [client, other] = [await suite.connect(), await suite.connect()];
      expect(await client.ask('SESSION.TOKENS', 'user:1')).toEqual([]);
      const tokens: string[] = [];
      for (let i = 0; i < 20; i++) {
        tokens.push(await (i % 2 === 0 ? client : other).create('user:1'));
        await client.create(`user:${i + 10}`);
      }
      expect(await other.ask('SESSION.TOKENS', 'user:1')).toEqual(tokens);
      await client.ask('SESSION.END', ...tokens.filter((_, i) => i % 3 === 0));
      expect(await other.ask('SESSION.TOKENS', 'user:1')).toEqual(tokens.filter((_, i) => i % 3 !== 0));
    });

    it('SESSION.NAMES finds each that has sessions, with their number', async () => {
      const client = await suite.connect();
      await client.create('user:1');
      const [token] = [await client.create('user:1'), await client.create('user:1', 'SHARED')];
      await client.create('basket');
      await client.ask('SESSION.END', await client.create('gone'));
      await client.ask('SESSION.END', token);
      await suite.soon(async () => {
        const found = await scanAll(client, 'SESSION.NAMES');
        expect(found.sort()).toEqual([
          ['basket', 1],
          ['user:1', 2],
        ]);
      });
      expect(await scanAll(client, 'SESSION.NAMES', 'MATCH', 'user:*', 'COUNT', '1')).toEqual([['user:1', 2]]);
    });

    it('with LIMIT, a name has at most that many sessions: the oldest are ended', async () => {
      const client = await suite.connect();
      const tokens: string[] = [];
      for (let i = 0; i < 5; i++) tokens.push(await client.create('user:1', '1000', 'no'));
      const bystander = await client.create('user:2');
      const sixth = await client.create('user:1', 'LIMIT', '3');
      expect(await client.ask('SESSION.TOKENS', 'user:1')).toEqual([...tokens.slice(3), sixth]);
      expect(await client.ask('SESSION.EXISTS', ...tokens.slice(0, 3))).toBe(0);
      const alone = await client.create('user:1', 'LIMIT', '1');
      expect(await client.ask('SESSION.TOKENS', 'user:1')).toEqual([alone]);
      expect(await client.ask('SESSION.EXISTS', bystander)).toBe(1);
    });

    it('LIMIT counts no session that has ended', async () => {
      const client = await suite.connect();
      const kept = await client.create('user:1');
      await client.ask('SESSION.END', await client.create('user:1'));
      await client.create('user:1', '1');
      await suite.pass(1000);
      const token = await client.create('user:1', 'LIMIT', '2');
      expect(await client.ask('SESSION.TOKENS', 'user:1')).toEqual([kept, token]);
    });
  });
}
