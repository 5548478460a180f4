import { describe, expect, it } from 'vitest';
import type { Client } from './client.js';
import { NO_SESSION, NOBODY, on } from './commands.js';
import { listPage } from './listings.js';
import type { Suite } from './suite.js';

/** Commands that set the key `k`, which then has no duration. The key had the value `1`. */
const SETTING = [
  ['SET', 'k', '2'],
  ['CAS', 'k', '1', '2'],
  ['CLEARSET', 'k', '2'],
] as const;
/** Commands that change the value of the key `k`, which keeps its duration. */
const CHANGING = [
  ['INCRBY', 'k', '1'],
  ['APPEND', 'k', '2'],
  ['ADD', 'k', '2'],
  ['CAS', 'k', '2', '3'],
  ['JSONINCRBY', 'k', '$', '1'],
  ['JSONSET', 'k', '$', '{}'],
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
      const { client, token } = await start('2');
      await client.ask('SESSION.PSETEX', token, '3000', 'l', '3', 'm', '4');
      suite.expectLeft((await left(client, token, 'k'))[0], 2000);
      suite.expectLeft((await left(client, token, 'm'))[0], 3000);
      expect(await client.ask('SESSION.KEYTTL', token, 'k', 'n', 'l', 'x')).toEqual([2, -1, 3, -2]);
      await suite.pass(1000);
      suite.expectLeft((await left(client, token, 'k'))[0], 1000);
      expect(await client.ask('SESSION.MGET', token, 'k', 'l', 'm')).toEqual(['1', '3', '4']);
      await suite.pass(1000);
      expect(await client.map('SESSION.GETALL', token)).toEqual({ n: '2', l: '3', m: '4' });
      await suite.pass(1000);
      expect(await client.map('SESSION.GETALL', token)).toEqual({ n: '2' });
    });

    it('is seen by nobody afterwards, even if the store has not noticed', async () => {
      const client = await suite.connect();
      const tokens: string[] = [];
      for (const _ of AFTERWARDS) tokens.push((await start('1')).token);
      await suite.passUnnoticed(1000);
      for (const [i, [command, reply]] of AFTERWARDS.entries()) {
        expect(await client.ask(...on(tokens[i], command)), command[0]).toEqual(reply);
      }
    });

    it('is not counted afterwards, nor listed', async () => {
      const { client, token } = await start('1');
      await suite.passUnnoticed(1000);
      expect(await client.map('SESSION.INFO', token)).toMatchObject({ keys: 1, bytes: 2 });
      const listed = await start('1');
      await suite.passUnnoticed(1000);
      await client.ask('SESSION.END', token);
      const { sessions } = await listPage(listed.client, 'basket', 'SIZES', 'KEYS', 'k');
      expect(sessions).toMatchObject([{ keys: 1, bytes: 2, sizes: ['n', 1], values: ['k', null] }]);
    });

    it('leaves a session without keys, which stays', async () => {
      const client = await suite.connect();
      const token = await client.create('basket', '1000', 'MAXAGE', '2000');
      await client.ask('SESSION.SETEX', token, '1', 'k', '1');
      await suite.pass(1000);
      expect(await client.map('SESSION.INFO', token)).toMatchObject({ keys: 0, bytes: 0, duration: 1000 });
      expect(await client.ask('SESSION.SET', token, 'k', '2')).toBe('OK');
      expect(await client.ask('SESSION.KEYTTL', token, 'k')).toEqual([-1]);
    });

    it.each(SETTING.map((command) => [command[0], command] as const))('%s drops the duration', async (_, command) => {
      const { client, token } = await start('1');
      await client.ask(...on(token, command));
      expect(await client.ask('SESSION.KEYTTL', token, 'k')).toEqual([-1]);
      await suite.pass(1000);
      expect(await client.ask('SESSION.GET', token, 'k')).toBe('2');
    });

    it.each(CHANGING.map((command) => [command.join(' '), command] as const))(
      '%s keeps the duration',
      async (_, command) => {
        const { client, token } = await start('2');
        await client.ask(...on(token, command));
        suite.expectLeft((await left(client, token, 'k'))[0], 2000);
        await suite.pass(2000);
        expect(await client.ask('SESSION.GET', token, 'k')).toBeNull();
      },
    );

    it('SETEX replaces the duration, of each key that it sets', async () => {
      const { client, token } = await start('1');
      await client.ask('SESSION.SETEX', token, '2', 'n', '3', 'k', '4', 'k', '5');
      await suite.pass(1000);
      expect(await client.ask('SESSION.MGET', token, 'k', 'n')).toEqual(['5', '3']);
      await client.ask('SESSION.PSETEX', token, '1000', 'k', '6');
      await suite.pass(1000);
      expect(await client.ask('SESSION.KEYS', token)).toEqual([]);
    });

    it('KEYPERSIST removes durations, and says of how many keys', async () => {
      const { client, token } = await start('1');
      await client.ask('SESSION.SETEX', token, '1', 'l', '3');
      expect(await client.ask('SESSION.KEYPERSIST', token, 'k', 'n', 'x', 'k')).toBe(1);
      expect(await client.ask('SESSION.KEYPERSIST', token, 'k')).toBe(0);
      await suite.pass(1000);
      expect(await client.map('SESSION.GETALL', token)).toEqual({ k: '1', n: '2' });
    });

    it('DEL and CLEAR remove the duration with the key', async () => {
      const { client, token } = await start('1');
      await client.ask('SESSION.DEL', token, 'k');
      await client.ask('SESSION.ADD', token, 'k', '2');
      expect(await client.ask('SESSION.KEYTTL', token, 'k')).toEqual([-1]);
      await client.ask('SESSION.SETEX', token, '1', 'k', '3');
      await client.ask('SESSION.CLEAR', token);
      await client.ask('SESSION.SET', token, 'k', '4');
      await suite.pass(1000);
      expect(await client.ask('SESSION.GET', token, 'k')).toBe('4');
    });

    it('lasts no longer than the session', async () => {
      const { client, token } = await start('1000', '1');
      expect(await client.ask('SESSION.KEYTTL', token, 'k')).toEqual([1000]);
      const cleared = await client.create('basket', '1', 'no');
      await client.ask('SESSION.SETEX', cleared, '1000', 'k', '1');
      await suite.pass(1000);
      expect(await client.refusal('SESSION.KEYTTL', token, 'k')).toBe(NO_SESSION);
      expect(await client.ask('SESSION.KEYTTL', cleared, 'k')).toEqual([-2]);
      await client.ask('SESSION.SET', cleared, 'k', '2');
      expect(await client.ask('SESSION.KEYTTL', cleared, 'k')).toEqual([-1]);
    });

    it('keeps its duration when the token is replaced, and may be in a shared session', async () => {
      const { client, token } = await start('2');
      await client.create('shared', 'SHARED');
      await client.ask('SESSION.SETEX', '@shared', '2', 'k', '1');
      await suite.pass(1000);
      const rotated = String(await client.ask('SESSION.ROTATE', token));
      suite.expectLeft((await left(client, rotated, 'k'))[0], 1000);
      await suite.pass(1000);
      expect(await client.ask('SESSION.GET', rotated, 'k')).toBeNull();
      expect(await client.map('SESSION.INFO', '@shared')).toMatchObject({ keys: 0 });
    });

    it('may have any bytes and be as large as others, among many', async () => {
      const { client, token } = await start('2');
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
      for (const [extend, expected] of [
        ['SET', ['SETEX', 'PSETEX', 'KEYPERSIST']],
        ['GET', []],
      ] as const) {
        const extended: string[] = [];
        for (const command of [
          ['SETEX', '100', 'k', '2'],
          ['PSETEX', '100000', 'k', '2'],
          ['KEYPERSIST', 'k'],
          ['KEYPERSIST', 'n'],
          ['KEYTTL', 'k'],
          ['KEYPTTL', 'k'],
        ]) {
          const { client, token } = await start('500', '1000', 'EXTEND', extend);
          await client.ask('SESSION.PSETEX', token, '900', 'short', '1');
          await suite.pass(1000);
          await client.ask(...on(token, command));
          if ((await client.left(token)) > 999_000) extended.push(command[0]);
        }
        expect(extended, extend).toEqual(expected);
      }
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
