import { describe, expect, it } from 'vitest';
import { NO_SESSION } from './commands.js';
import type { Suite } from './suite.js';

export function shared(suite: Suite): void {
  describe('shared sessions', () => {
    it('are opened by any client that knows the name, and addressed by @name', async () => {
      const [client, other] = [await suite.connect(), await suite.connect()];
      const token = await client.create('news', '1000', 'SHARED', 'DATA', 'k', '1');
      expect(await other.ask('SESSION.OPEN', 'news')).toBe(token);
      expect(await other.ask('SESSION.GET', '@news', 'k')).toBe('1');
      await other.ask('SESSION.SET', '@news', 'k', '2');
      expect(await client.ask('SESSION.GET', token, 'k')).toBe('2');
      expect(await client.map('SESSION.INFO', '@news')).toMatchObject({ name: 'news', shared: 1, duration: 1000 });
      expect(await client.ask('SESSION.ID', '@news')).toBe(await other.ask('SESSION.ID', token));
      expect(await other.ask('SESSION.END', '@news')).toBe(1);
      expect(await client.ask('SESSION.EXISTS', token)).toBe(0);
    });

    it('a name has at most one, beside sessions that are not shared', async () => {
      const client = await suite.connect();
      const own = await client.create('news');
      const token = await client.create('news', 'SHARED', 'DATA', 'k', '1');
      expect(await client.refusal('SESSION.NEW', 'news', 'SHARED')).toBe(
        'SESSIONEXISTS a shared session with this name already exists',
      );
      expect(await client.ask('SESSION.TOKENS', 'news')).toEqual([own, token]);
      expect(await client.ask('SESSION.GET', '@news', 'k')).toBe('1');
      expect(await client.map('SESSION.INFO', own)).toMatchObject({ shared: 0 });
    });

    it('only shared ones are opened', async () => {
      const client = await suite.connect();
      expect(await client.refusal('SESSION.OPEN', 'news')).toBe(`${NO_SESSION}: no session has this name`);
      await client.create('news');
      expect(await client.refusal('SESSION.OPEN', 'news')).toBe('NOTSHARED no session with this name is shared');
      expect(await client.refusal('SESSION.GET', '@news', 'k')).toBe(`${NO_SESSION}: no shared session has this name`);
    });

    it('expire as others do, and the name can then be shared again', async () => {
      const client = await suite.connect();
      const token = await client.create('news', '1', 'SHARED', 'DATA', 'k', '1');
      await suite.pass(1000);
      expect(await client.refusal('SESSION.GET', '@news', 'k')).toBe(`${NO_SESSION}: no shared session has this name`);
      expect(await client.create('news', 'SHARED')).toBe(token);
      expect(await client.ask('SESSION.COUNT', token)).toBe(0);
    });

    it.each([
      ['LIMIT', '2'],
      ['TOKEN', 'A'.repeat(22)],
    ])('cannot be created with %s', async (...option) => {
      const client = await suite.connect();
      expect(await client.refusal('SESSION.NEW', 'news', 'SHARED', ...option)).toBe(
        'ERR syntax error: SHARED cannot be combined with LIMIT or TOKEN',
      );
    });
  });
}
