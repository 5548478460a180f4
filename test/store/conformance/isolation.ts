import { describe, expect, it } from 'vitest';
import { on, WRITES } from './commands.js';
import type { Suite } from './suite.js';

export function isolation(suite: Suite): void {
  describe('rule 1: data lives only inside a session', () => {
    it('a key of one session is in no other one, whether they have the same name or not', async () => {
      const client = await suite.connect();
      const one = await client.create('user:1', 'DATA', 'k', '1');
      const others = [
        await client.create('user:1'),
        await client.create('user:1', 'SHARED'),
        await client.create('user:2'),
      ];
      for (const other of others) {
        expect(await client.ask('SESSION.GET', other, 'k')).toBeNull();
        expect(await client.ask('SESSION.CONTAINS', other, 'k')).toEqual([0]);
        await client.ask('SESSION.SET', other, 'k', 'other');
      }
      expect(await client.ask('SESSION.GET', one, 'k')).toBe('1');
    });

    it('a write to one session changes no other one', async () => {
      const client = await suite.connect();
      const kept = await client.create('user:1', 'DATA', 'k', '1');
      for (const write of [...WRITES, ['END']]) {
        const other = await client.create('user:1', 'DATA', 'k', '1');
        await client.ask(...on(other, write));
        expect(await client.map('SESSION.GETALL', kept), write[0]).toEqual({ k: '1' });
      }
    });

    it('a session that gets the token or the name of an ended one has none of its data', async () => {
      const client = await suite.connect();
      const first = await client.create('user:1', 'DATA', 'k', '1');
      await client.ask('SESSION.END', first);
      const second = await client.create('user:1', 'TOKEN', first);
      expect(second).toBe(first);
      expect(await client.ask('SESSION.KEYS', second)).toEqual([]);
      await client.create('news', 'SHARED', 'DATA', 'k', '1');
      await client.ask('SESSION.END', '@news');
      await client.create('news', 'SHARED');
      expect(await client.ask('SESSION.KEYS', '@news')).toEqual([]);
    });
  });
}
