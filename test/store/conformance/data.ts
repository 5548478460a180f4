import { describe, expect, it } from 'vitest';
import type { Client } from './client.js';
import type { Suite } from './suite.js';

const NOT_A_WHOLE_NUMBER =
  'ERR value is not an integer: the value of this key must be a whole number from -2^63 to 2^63 - 1';

export function data(suite: Suite): void {
  /** Creates a session with the keys `a` and `b`. */
  async function start(...options: string[]): Promise<{ client: Client; token: string }> {
    const client = await suite.connect();
    return { client, token: await client.create('basket', ...options, 'DATA', 'a', '1', 'b', '2') };
  }

  describe('data', () => {
    it('SET sets keys, new or not', async () => {
      const { client, token } = await start();
      expect(await client.ask('SESSION.SET', token, 'b', '3', 'c', '', 'd', '4', 'd', '5')).toBe('OK');
      expect(await client.map('SESSION.GETALL', token)).toEqual({ a: '1', b: '3', c: '', d: '5' });
    });

    it('ADD sets only keys that are new, and says how many', async () => {
      const { client, token } = await start();
      expect(await client.ask('SESSION.ADD', token, 'b', '3', 'c', '4', 'd', '5', 'd', '6')).toBe(2);
      expect(await client.map('SESSION.GETALL', token)).toEqual({ a: '1', b: '2', c: '4', d: '5' });
      expect(await client.ask('SESSION.ADD', token, 'a', '7')).toBe(0);
    });

    it('CAS sets a key only if its value is the given one', async () => {
      const { client, token } = await start();
      expect(await client.ask('SESSION.CAS', token, 'a', '1', '3')).toBe(1);
      for (const old of ['1', '33', '']) expect(await client.ask('SESSION.CAS', token, 'a', old, '4')).toBe(0);
      expect(await client.ask('SESSION.CAS', token, 'c', '', '4')).toBe(0);
      expect(await client.map('SESSION.GETALL', token)).toEqual({ a: '3', b: '2' });
    });

    it('of many clients that CAS at once from the same value, one succeeds', async () => {
      const { client, token } = await start();
      const others = await Promise.all(Array.from({ length: 10 }, () => suite.connect()));
      const results = await Promise.all(others.map((other, i) => other.ask('SESSION.CAS', token, 'a', '1', `by ${i}`)));
      expect(results.filter((result) => result === 1)).toHaveLength(1);
      expect(await client.ask('SESSION.GET', token, 'a')).toBe(`by ${results.indexOf(1)}`);
    });

    it('INCRBY adds, from 0 if there is no value', async () => {
      const { client, token } = await start();
      expect(await client.ask('SESSION.INCRBY', token, 'a', '41')).toBe(42);
      expect(await client.ask('SESSION.INCRBY', token, 'a', '-50')).toBe(-8);
      expect(await client.ask('SESSION.INCRBY', token, 'c', '7')).toBe(7);
      expect(await client.map('SESSION.GETALL', token)).toEqual({ a: '-8', b: '2', c: '7' });
    });

    it('INCRBY loses nothing if many clients add at once', async () => {
      const { client, token } = await start();
      const others = await Promise.all(Array.from({ length: 10 }, () => suite.connect()));
      await Promise.all(
        others.map(async (other) => {
          for (let i = 0; i < 10; i++) await other.ask('SESSION.INCRBY', token, 'c', '1');
        }),
      );
      expect(await client.ask('SESSION.GET', token, 'c')).toBe('100');
    });

    it('INCRBY has 64 bits, and changes nothing if they are not enough', async () => {
      const { client, token } = await start();
      const most = 2n ** 63n - 1n;
      expect(await client.ask('SESSION.INCRBY', token, 'max', String(most))).toBe(most);
      expect(await client.ask('SESSION.INCRBY', token, 'min', String(-most - 1n))).toBe(-most - 1n);
      const overflow = 'ERR increment or decrement would overflow';
      expect(await client.refusal('SESSION.INCRBY', token, 'max', '1')).toBe(overflow);
      expect(await client.refusal('SESSION.INCRBY', token, 'min', '-1')).toBe(overflow);
      expect(await client.ask('SESSION.MGET', token, 'max', 'min')).toEqual([String(most), String(-most - 1n)]);
    });

    it.each(['', 'text', '1.5', ' 1', '01', '+1', '-0', '9223372036854775808'])(
      'INCRBY refuses the value %j',
      async (value) => {
        const { client, token } = await start();
        await client.ask('SESSION.SET', token, 'a', value);
        expect(await client.refusal('SESSION.INCRBY', token, 'a', '1')).toBe(NOT_A_WHOLE_NUMBER);
        expect(await client.ask('SESSION.GET', token, 'a')).toBe(value);
        expect(await client.refusal('SESSION.INCRBY', token, 'b', value)).toBe(
          'ERR value is not an integer or out of range: increment must be a whole number from -2^63 to 2^63 - 1',
        );
      },
    );

    it('APPEND appends, to nothing if there is no value, and returns the length in bytes', async () => {
      const { client, token } = await start();
      expect(await client.ask('SESSION.APPEND', token, 'a', 'xé')).toBe(4);
      expect(await client.ask('SESSION.APPEND', token, 'c', 'new')).toBe(3);
      expect(await client.ask('SESSION.MGET', token, 'a', 'c')).toEqual(['1x\xc3\xa9', 'new']);
    });

    it('GET, MGET and GETALL return values, and null for keys that there are not', async () => {
      const { client, token } = await start();
      expect(await client.ask('SESSION.GET', token, 'a')).toBe('1');
      expect(await client.ask('SESSION.GET', token, 'A')).toBeNull();
      expect(await client.ask('SESSION.MGET', token, 'b', 'A', 'a', 'b')).toEqual(['2', null, '1', '2']);
      expect(await client.map('SESSION.GETALL', token)).toEqual({ a: '1', b: '2' });
      expect(await client.ask('SESSION.GETALL', await client.create('basket'))).toEqual([]);
    });

    it('CONTAINS, KEYS and COUNT say which keys there are', async () => {
      const { client, token } = await start();
      expect(await client.ask('SESSION.CONTAINS', token, 'a', 'c', 'b', 'a')).toEqual([1, 0, 1, 1]);
      expect([...((await client.ask('SESSION.KEYS', token)) as string[])].sort()).toEqual(['a', 'b']);
      expect(await client.ask('SESSION.COUNT', token)).toBe(2);
    });

    it('DEL removes keys, and says how many there were', async () => {
      const { client, token } = await start();
      expect(await client.ask('SESSION.DEL', token, 'a', 'c', 'a')).toBe(1);
      expect(await client.map('SESSION.GETALL', token)).toEqual({ b: '2' });
      expect(await client.ask('SESSION.DEL', token, 'b')).toBe(1);
      // A session without keys is a session.
      expect(await client.ask('SESSION.EXISTS', token)).toBe(1);
    });

    it('CLEAR removes all keys and keeps the session with its settings', async () => {
      const { client, token } = await start('1000');
      expect(await client.ask('SESSION.CLEAR', token)).toBe(2);
      expect(await client.ask('SESSION.CLEAR', token)).toBe(0);
      const { pttl, ...info } = await client.map('SESSION.INFO', token);
      expect(info).toMatchObject({ keys: 0, bytes: 0, duration: 1000 });
      suite.expectLeft(pttl, 1_000_000);
    });

    it('CLEARSET replaces all keys, and says how many it removed', async () => {
      const { client, token } = await start();
      expect(await client.ask('SESSION.CLEARSET', token, 'b', '3', 'c', '4')).toBe(2);
      expect(await client.map('SESSION.GETALL', token)).toEqual({ b: '3', c: '4' });
    });

    it('a session may have many keys and large values', async () => {
      const { client, token } = await start();
      const pairs = Array.from({ length: 1000 }, (_, i) => [`key ${i}`, `value ${i}`]);
      await client.ask('SESSION.CLEARSET', token, ...pairs.flat());
      expect(await client.ask('SESSION.COUNT', token)).toBe(1000);
      expect(await client.map('SESSION.GETALL', token)).toEqual(Object.fromEntries(pairs));
      const removed = pairs.filter((_, i) => i % 2 === 0).map(([key]) => key);
      expect(await client.ask('SESSION.DEL', token, ...removed)).toBe(500);
      expect(await client.map('SESSION.GETALL', token)).toEqual(
        Object.fromEntries(pairs.filter((_, i) => i % 2 === 1)),
      );
      const large = 'x'.repeat(1_000_000);
      await client.ask('SESSION.SET', token, 'large', large);
      expect(await client.ask('SESSION.APPEND', token, 'large', 'yz')).toBe(1_000_002);
      expect((await client.ask('SESSION.GET', token, 'large')) === `${large}yz`).toBe(true);
    });

    it('INFO counts keys and bytes', async () => {
      const { client, token } = await start();
      await client.ask('SESSION.SET', token, 'long key', 'long value');
      expect(await client.map('SESSION.INFO', token)).toMatchObject({ keys: 3, bytes: 22 });
    });
  });
}
