import { describe, expect, it } from 'vitest';
import { NO_SESSION } from './commands.js';
import type { Suite } from './suite.js';

export function maximumAge(suite: Suite): void {
  describe('rule 6: at its MAXAGE a session is ended', () => {
    it('however often it was extended', async () => {
      const client = await suite.connect();
      const token = await client.create('user:1', '2', 'EXTEND', 'BOTH', 'MAXAGE', '3', 'DATA', 'k', '1');
      await suite.pass(1000);
      expect(await client.ask('SESSION.GET', token, 'k')).toBe('1');
      suite.expectLeft(await client.left(token), 2000);
      await suite.pass(1000);
      await client.ask('SESSION.SET', token, 'k', '2');
      suite.expectLeft(await client.left(token), 1000);
      await suite.pass(1000);
      expect(await client.refusal('SESSION.GET', token, 'k')).toBe(NO_SESSION);
    });

    it('even if deleteSession is off', async () => {
      const client = await suite.connect();
      const token = await client.create('user:1', '1', 'no', 'MAXAGE', '2', 'DATA', 'k', '1');
      await suite.pass(1000);
      expect(await client.ask('SESSION.COUNT', token)).toBe(0);
      suite.expectLeft(await client.left(token), 1000);
      await client.ask('SESSION.SET', token, 'k', '2');
      suite.expectLeft(await client.left(token), 1000);
      await suite.pass(1000);
      expect(await client.ask('SESSION.EXISTS', token)).toBe(0);
    });

    it('even if it has no duration', async () => {
      const client = await suite.connect();
      const token = await client.create('user:1', 'MAXAGE', '2');
      suite.expectLeft(await client.left(token), 2000);
      expect(await client.ask('SESSION.TTL', token)).toBe(2);
      await suite.pass(2000);
      expect(await client.ask('SESSION.EXISTS', token)).toBe(0);
    });

    it('even if EXPIRE, TOUCH or ROTATE asks for more time', async () => {
      const client = await suite.connect();
      const token = await client.create('user:1', '1', 'MAXAGE', '2', 'DATA', 'k', '1');
      await client.ask('SESSION.EXPIRE', token, '1000', 'no');
      suite.expectLeft(await client.left(token), 2000);
      await suite.pass(1000);
      await client.ask('SESSION.TOUCH', token);
      const rotated = String(await client.ask('SESSION.ROTATE', token, 'GRACE', '1000'));
      suite.expectLeft(await client.left(rotated), 1000);
      await suite.pass(1000);
      expect(await client.ask('SESSION.MEXISTS', token, rotated)).toEqual([0, 0]);
    });

    it('even if the store has not noticed that its time has come', async () => {
      const client = await suite.connect();
      const token = await client.create('user:1', '1', 'no', 'MAXAGE', '2', 'DATA', 'k', '1');
      await suite.passUnnoticed(2000);
      expect(await client.refusal('SESSION.SET', token, 'k', '2')).toBe(NO_SESSION);
      expect(await client.ask('SESSION.TOKENS', 'user:1')).toEqual([]);
    });
  });
}
