import { describe, expect, it } from 'vitest';
import type { Reply } from '../../tools/replies.js';
import type { Client } from './client.js';
import { NO_SESSION, NOBODY, on } from './commands.js';
import { listPage } from './listings.js';
import type { Suite } from './suite.js';

/** Requests after which the key `k` has no duration. It had the value `1`. */
const DROPPING = [
  [['SET', 'k', '2']],
  [['CAS', 'k', '1', '2']],
  [['CLEARSET', 'k', '2']],
  [
    ['DEL', 'k'],
    ['ADD', 'k', '2'],
  ],
  [['CLEAR'], ['SET', 'k', '2']],
] as const;
/** Requests after which the key `k` has the duration that it had. */
const KEEPING = [
  [['INCRBY', 'k', '1']],
  [['APPEND', 'k', '2']],
  [['ADD', 'k', '2']],
  [['CAS', 'k', '2', '3']],
  [['JSONINCRBY', 'k', '$', '1']],
  [['JSONSET', 'k', '$', '{}']],
] as const;

/** Commands of which some extend a session. */
const TOUCHING = [
  ['SETEX', '100', 'k', '2'],
  ['PSETEX', '100000', 'k', '2'],
  ['KEYPERSIST', 'k'],
  ['KEYPERSIST', 'n'],
  ['KEYTTL', 'k'],
  ['KEYPTTL', 'k'],
] as const;

/** What commands reply once the key `k` is gone, the only other key is `n` with the value `2`. */
const AFTERWARDS = [
  [['GET', 'k'], null],
  [
    ['MGET', 'k', 'n'],
    [null, '2'],
  ],
  [['GETALL'], ['n', '2']],
  [['KEYS'], ['n']],
  [['COUNT'], 1],
  [
    ['CONTAINS', 'k', 'n'],
    [0, 1],
  ],
  [
    ['KEYTTL', 'k', 'n'],
    [-2, -1],
  ],
  [['KEYPERSIST', 'k'], 0],
  [['DEL', 'k'], 0],
  [['ADD', 'k', '2'], 1],
  [['CAS', 'k', '1', '2'], 0],
  [['INCRBY', 'k', '5'], 5],
  [['APPEND', 'k', '22'], 2],
  [['CLEAR'], 1],
  [['CLEARSET', 'k', '2'], 1],
  [['SET', 'k', '2'], 'OK'],
  [['SETEX', '9', 'k', '2'], 'OK'],
] as const;

export function keyDurations(suite: Suite): void {
  /** Creates a session with the key `k`, which has a duration, and the key `n`, which has none. */
  async function start(seconds: string, ...options: string[]): Promise<{ client: Client; token: string }> {
    const client = await suite.connect();
    const token = await client.create('basket', ...options, 'DATA', 'n', '2');
    expect(await client.ask('SESSION.SETEX', token, seconds, 'k', '1')).toBe('OK');
    return { client, token };
  }

  /** Returns the ms until each key's deadline. */
  const left = async (client: Client, token: string, ...keys: string[]) =>
    (await client.ask('SESSION.KEYPTTL', token, ...keys)) as number[];

  describe('rule 12: a key with a duration of its own', () => {
    it('is gone at its deadline and not before; the other keys and the session stay', async () => {
      const { client, token } = await start('1');
      await client.ask('SESSION.PSETEX', token, '2000', 'l', '3', 'm', '4');
      const other = await client.create('basket', '1000', 'MAXAGE', '2000');
      await client.ask('SESSION.SETEX', other, '1', 'k', '1');
      suite.expectLeft((await left(client, token, 'k'))[0], 1000);
      suite.expectLeft((await left(client, token, 'm'))[0], 2000);
      expect(await client.ask('SESSION.KEYTTL', token, 'k', 'n', 'l', 'x')).toEqual([1, -1, 2, -2]);
      expect(await client.ask('SESSION.MGET', token, 'k', 'l', 'm')).toEqual(['1', '3', '4']);
      await suite.pass(1000);
      expect(await client.map('SESSION.GETALL', token)).toEqual({ n: '2', l: '3', m: '4' });
      suite.expectLeft((await left(client, token, 'm'))[0], 1000);
      // A session that has lost its last key stays.
      expect(await client.map('SESSION.INFO', other)).toMatchObject({ keys: 0, bytes: 0, duration: 1000 });
      expect(await client.ask('SESSION.SET', other, 'k', '2')).toBe('OK');
      expect(await client.ask('SESSION.KEYTTL', other, 'k')).toEqual([-1]);
      await suite.pass(1000);
      expect(await client.map('SESSION.GETALL', token)).toEqual({ n: '2' });
    });

    it('is seen by nobody afterwards, nor counted or listed, even if the store has not noticed', async () => {
      const client = await suite.connect();
      const tokens: string[] = [];
      for (const _ of AFTERWARDS) tokens.push((await start('1')).token);
      const counted = await client.create('counted', 'DATA', 'n', '2');
      const listed = await client.create('listed', 'DATA', 'n', '2');
      for (const token of [counted, listed]) await client.ask('SESSION.SETEX', token, '1', 'k', '1');
      await suite.passUnnoticed(1000);
      for (const [i, [command, reply]] of AFTERWARDS.entries()) {
        expect(await client.ask(...on(tokens[i], command)), command[0]).toEqual(reply);
      }
      expect(await client.map('SESSION.INFO', counted)).toMatchObject({ keys: 1, bytes: 2 });
      const { sessions } = await listPage(client, 'listed', 'SIZES', 'KEYS', 'k');
      expect(sessions).toMatchObject([{ keys: 1, bytes: 2, sizes: ['n', 1], values: ['k', null] }]);
    });

    it('loses its duration if it is set or removed, and keeps it if its value is changed', async () => {
      const client = await suite.connect();
      const tokens: string[] = [];
      for (const requests of [...DROPPING, ...KEEPING]) {
        const { token } = await start('1');
        for (const request of requests) await client.ask(...on(token, request));
        const [ms] = await left(client, token, 'k');
        if (tokens.length < DROPPING.length) expect(ms, requests.join()).toBe(-1);
        else suite.expectLeft(ms, 1000);
        tokens.push(token);
      }
      await suite.pass(1000);
      const there: Reply[] = [];
      for (const token of tokens) there.push(await client.ask('SESSION.CONTAINS', token, 'k'));
      expect(there).toEqual([...DROPPING.map(() => [1]), ...KEEPING.map(() => [0])]);
    });

    it('gets another duration with SETEX, and none with KEYPERSIST', async () => {
      const { client, token } = await start('1');
      await client.ask('SESSION.PSETEX', token, '3000', 'l', '3');
      await client.ask('SESSION.SETEX', token, '1000', 'k', '4', 'k', '5');
      await client.ask('SESSION.SETEX', token, '1', 'l', '6', 'n', '7');
      await client.ask('SESSION.PSETEX', token, '1000', 'm', '8', 'o', '9');
      expect(await client.ask('SESSION.KEYPERSIST', token, 'm', 'none', 'm')).toBe(1);
      expect(await client.ask('SESSION.KEYPERSIST', token, 'm')).toBe(0);
      await suite.pass(1000);
      expect(await client.map('SESSION.GETALL', token)).toEqual({ k: '5', m: '8' });
      expect(await client.ask('SESSION.KEYTTL', token, 'm')).toEqual([-1]);
    });

    it('lasts no longer than the session, and is in it after its token is replaced', async () => {
      const { client, token } = await start('1000', '1');
      expect(await client.ask('SESSION.KEYTTL', token, 'k')).toEqual([1000]);
      const cleared = await client.create('basket', '1', 'no');
      await client.ask('SESSION.SETEX', cleared, '1000', 'k', '1');
      await client.create('shared', 'SHARED');
      await client.ask('SESSION.SETEX', '@shared', '1', 'k', '1');
      const rotated = String(await client.ask('SESSION.ROTATE', (await start('1')).token));
      suite.expectLeft((await left(client, rotated, 'k'))[0], 1000);
      await suite.pass(1000);
      expect(await client.refusal('SESSION.KEYTTL', token, 'k')).toBe(NO_SESSION);
      expect(await client.ask('SESSION.KEYTTL', cleared, 'k')).toEqual([-2]);
      await client.ask('SESSION.SET', cleared, 'k', '2');
      expect(await client.ask('SESSION.KEYTTL', cleared, 'k')).toEqual([-1]);
      expect(await client.map('SESSION.INFO', '@shared')).toMatchObject({ keys: 0 });
      expect(await client.map('SESSION.GETALL', rotated)).toEqual({ n: '2' });
    });

    it('may have any bytes and be as large as others, among many', async () => {
      const { client, token } = await start('1000');
      const key = Buffer.from([0, 255, 13, 10, 0]);
      const many = Array.from({ length: 200 }, (_, i) => [`key ${i}`, `value ${i}`]).flat();
      await client.ask('SESSION.SETEX', token, '1', key, key, '', '', ...many, 'large', 'x'.repeat(100_000));
      expect(await client.ask('SESSION.COUNT', token)).toBe(205);
      expect(await client.ask('SESSION.MGET', token, key, '', 'key 7')).toEqual([
        key.toString('latin1'),
        '',
        'value 7',
      ]);
      expect(await client.ask('SESSION.KEYTTL', token, key, '', 'key 199', 'large', 'n')).toEqual([1, 1, 1, 1, -1]);
      await suite.pass(1000);
      expect(await client.map('SESSION.GETALL', token)).toEqual({ k: '1', n: '2' });
    });

    it('SETEX and KEYPERSIST extend a session as writes do; KEYTTL does not, nor does the end of a key', async () => {
      const client = await suite.connect();
      const started: { extend: string; command: readonly string[]; token: string }[] = [];
      for (const extend of ['SET', 'GET']) {
        for (const command of TOUCHING) {
          const { token } = await start('500', '1000', 'EXTEND', extend);
          await client.ask('SESSION.PSETEX', token, '900', 'short', '1');
          started.push({ extend, command, token });
        }
      }
      await suite.pass(1000);
      const extended: string[] = [];
      for (const { extend, command, token } of started) {
        await client.ask(...on(token, command));
        if ((await client.left(token)) > 999_000) extended.push(`${command[0]} with ${extend}`);
      }
      expect(extended).toEqual(['SETEX with SET', 'PSETEX with SET', 'KEYPERSIST with SET']);
    });

    it('is refused without a session, and without a duration of a millisecond or more', async () => {
      const { client, token } = await start('1000');
      for (const command of [
        ['SETEX', '1', 'k', '1'],
        ['PSETEX', '1', 'k', '1'],
        ['KEYTTL', 'k'],
        ['KEYPTTL', 'k'],
        ['KEYPERSIST', 'k'],
      ]) {
        expect(await client.refusal(...on(NOBODY, command)), command[0]).toBe(NO_SESSION);
      }
      expect(await client.refusal('SESSION.SETEX', token, '0', 'k', '2')).toBe(
        "ERR invalid expire time in 'session.setex' command: ttl must be a whole number of seconds from 1 to 2147483647",
      );
      expect(await client.refusal('SESSION.PSETEX', token, '2147483647001', 'k', '2')).toBe(
        "ERR invalid expire time in 'session.psetex' command: milliseconds must be a whole number from 1 to 2147483647000",
      );
      expect(await client.refusal('SESSION.SETEX', token, '1.5', 'k', '2')).toBe(
        'ERR value is not an integer or out of range: ttl must be a whole number of seconds from 1 to 2147483647',
      );
      expect(await client.map('SESSION.GETALL', token)).toEqual({ k: '1', n: '2' });
      await client.ask('SESSION.SETEX', token, '2147483647', 'k', '2');
      suite.expectLeft((await left(client, token, 'k'))[0], 2_147_483_647_000);
    });

    it('may be set and looked at in a transaction', async () => {
      const { client, token } = await start('1000');
      await client.ask('MULTI');
      for (const command of [
        ['SETEX', '500', 'l', '3'],
        ['KEYTTL', 'k', 'l', 'n'],
        ['KEYPERSIST', 'k'],
        ['KEYTTL', 'k', 'l', 'n'],
      ]) {
        await client.ask(...on(token, command));
      }
      expect(await client.ask('EXEC')).toEqual(['OK', [1000, 500, -1], 1, [-1, 500, -1]]);
    });

    it.each(['pass', 'passUnnoticed'] as const)('that is gone is a change for WATCH (%s)', async (pass) => {
      const { client, token } = await start('1');
      await client.ask('WATCH', token);
      await suite[pass](1000);
      await client.ask('MULTI');
      await client.ask('SESSION.SET', token, 'm', '1');
      expect(await client.ask('EXEC')).toBeNull();
    });

    it('publishes `keyexpired` with the key and its value, on time', async () => {
      const heard = await suite.subscribe('__sessiondata__:keyexpired:basket');
      const { client, token } = await start('1', '1000');
      const { created } = await client.map('SESSION.INFO', token);
      await suite.pass(1000 + TICK);
      const [message, ...more] = await heard.dataUpTo('keyexpired', 'basket');
      expect(more).toEqual([]);
      const about = { event: 'keyexpired', name: 'basket', token, at: expect.any(Number), created };
      expect(message).toEqual({ ...about, key: 'k', value: '1' });
      expect(Number(message.at)).toBeGreaterThanOrEqual(Number(created) + 1000);
    });
  });
}

/** An event may come this many ms after the deadline: the store's timers tick. */
const TICK = 20;
