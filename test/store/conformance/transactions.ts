import { describe, expect, it } from 'vitest';
import type { Client } from './client.js';
import { IDLE_WRITES, LOOKS, NO_SESSION, NOBODY, on, QUESTIONS, READS, WRITES } from './commands.js';
import type { Suite } from './suite.js';

interface Change {
  readonly what: string;
  /** How the watched session, whose name is `user:1`, is created. */
  readonly options?: readonly string[];
  change(other: Client, token: string, suite: Suite): Promise<unknown>;
}

const CHANGES: readonly Change[] = [
  ...WRITES.map((write) => ({
    what: write[0],
    change: (other: Client, token: string) => other.ask(...on(token, write)),
  })),
  { what: 'a write of the same value', change: (other, token) => other.ask('SESSION.SET', token, 'k', '1') },
  { what: 'EXPIRE', change: (other, token) => other.ask('SESSION.EXPIRE', token, '2000') },
  { what: 'ROTATE', change: (other, token) => other.ask('SESSION.ROTATE', token, 'GRACE', '1000') },
  { what: 'END', change: (other, token) => other.ask('SESSION.END', token) },
  { what: 'ENDNAME', change: (other) => other.ask('SESSION.ENDNAME', 'user:1') },
  { what: 'ENDALL', change: (other) => other.ask('SESSION.ENDALL') },
  { what: 'LIMIT', change: (other) => other.create('user:1', 'LIMIT', '1') },
  {
    what: 'another session with its token',
    async change(other, token) {
      await other.ask('SESSION.END', token);
      await other.create('user:1', 'TOKEN', token, 'DATA', 'k', '1');
    },
  },
  { what: 'its deadline', options: ['1'], change: (_, __, suite) => suite.pass(1000) },
  {
    what: 'its deadline, which the store has not noticed',
    options: ['1'],
    change: (_, __, suite) => suite.passUnnoticed(1000),
  },
  { what: 'its deadline with deleteSession off', options: ['1', 'no'], change: (_, __, suite) => suite.pass(1000) },
  { what: 'MAXAGE', options: ['MAXAGE', '1'], change: (_, __, suite) => suite.pass(1000) },
];

export function transactions(suite: Suite): void {
  describe('MULTI and EXEC', () => {
    it('run commands on a session together, each with its reply', async () => {
      const [client, other] = [await suite.connect(), await suite.connect()];
      const token = await client.create('user:1', 'DATA', 'k', '1');
      expect(await client.ask('MULTI')).toBe('OK');
      for (const command of [['SET', 'n', '2'], ['INCRBY', 'k', '1'], ['GETALL'], ['DEL', 'k', 'n'], ['COUNT']]) {
        expect(await client.ask(...on(token, command))).toBe('QUEUED');
      }
      expect(await other.map('SESSION.GETALL', token)).toEqual({ k: '1' });
      const [set, sum, all, removed, count] = (await client.ask('EXEC')) as unknown[];
      expect([set, sum, removed, count]).toEqual(['OK', 2, 2, 0]);
      expect([...(all as string[])].sort()).toEqual(['2', '2', 'k', 'n']);
      expect(await other.map('SESSION.GETALL', token)).toEqual({});
    });

    it('a command that fails does not stop the others', async () => {
      const client = await suite.connect();
      const token = await client.create('user:1', 'DATA', 'k', 'text');
      await client.ask('MULTI');
      await client.ask('SESSION.SET', token, 'a', '1');
      await client.ask('SESSION.INCRBY', token, 'k', '1');
      await client.ask('SESSION.SET', token, 'b', '2');
      expect(await client.ask('EXEC')).toEqual(['OK', expect.stringMatching(/^-ERR value is not an integer/), 'OK']);
      expect(await client.map('SESSION.GETALL', token)).toEqual({ k: 'text', a: '1', b: '2' });
    });

    it('a session that ends half-way stays ended: later writes are refused', async () => {
      const client = await suite.connect();
      const token = await client.create('user:1', 'DATA', 'k', '1');
      await client.ask('MULTI');
      await client.ask('SESSION.END', token);
      await client.ask('SESSION.SET', token, 'k', '2');
      expect(await client.ask('EXEC')).toEqual([1, `-${NO_SESSION}`]);
      expect(await client.ask('SESSION.EXISTS', token)).toBe(0);
    });

    it('nothing runs if a command is refused before, nor after DISCARD', async () => {
      const client = await suite.connect();
      const token = await client.create('user:1', 'DATA', 'k', '1');
      await client.ask('MULTI');
      await client.ask('SESSION.SET', token, 'k', '2');
      await client.refusal('SESSION.SET', token, 'k');
      expect(await client.refusal('EXEC')).toBe('EXECABORT Transaction discarded because of previous errors.');
      await client.ask('MULTI');
      await client.ask('SESSION.SET', token, 'k', '3');
      expect(await client.ask('DISCARD')).toBe('OK');
      expect(await client.ask('SESSION.GET', token, 'k')).toBe('1');
      expect(await client.refusal('EXEC')).toBe('ERR EXEC without MULTI');
    });
  });

  describe('WATCH', () => {
    it.each(CHANGES.map((change) => [change.what, change] as const))(
      'EXEC runs nothing and returns null after %s',
      async (_, { options = ['1000'], change }) => {
        const [client, other] = [await suite.connect(), await suite.connect()];
        const token = await client.create('user:1', ...options, 'DATA', 'k', '1');
        expect(await client.ask('WATCH', token)).toBe('OK');
        await change(other, token, suite);
        await client.ask('MULTI');
        await client.ask('SESSION.SET', token, 'ran', '1');
        expect(await client.ask('EXEC')).toBeNull();
        for (const found of (await client.ask('SESSION.TOKENS', 'user:1')) as string[]) {
          expect(await client.ask('SESSION.CONTAINS', found, 'ran')).toEqual([0]);
        }
      },
    );

    it('the own changes of the client count as well, before MULTI', async () => {
      const client = await suite.connect();
      const token = await client.create('user:1', 'DATA', 'k', '1');
      await client.ask('WATCH', token);
      await client.ask('SESSION.SET', token, 'k', '2');
      await client.ask('MULTI');
      await client.ask('SESSION.SET', token, 'k', '3');
      expect(await client.ask('EXEC')).toBeNull();
    });

    it('reading, looking, and a write that changes nothing do not count, even if they extend', async () => {
      const [client, other] = [await suite.connect(), await suite.connect()];
      const token = await client.create('user:1', '1000', 'EXTEND', 'BOTH', 'DATA', 'k', '1');
      await client.ask('WATCH', token);
      for (const command of [...READS, ...LOOKS, ...QUESTIONS.map(([name]) => [name]), ...IDLE_WRITES]) {
        await other.ask(...on(token, command));
      }
      await client.ask('MULTI');
      await client.ask('SESSION.SET', token, 'k', '2');
      expect(await client.ask('EXEC')).toEqual(['OK']);
    });

    it('a change of another session does not count', async () => {
      const [client, other] = [await suite.connect(), await suite.connect()];
      const [token, foreign] = [await client.create('user:1'), await client.create('user:1')];
      await client.ask('WATCH', token);
      await other.ask('SESSION.SET', foreign, 'k', '1');
      await other.ask('SESSION.END', foreign);
      await client.ask('MULTI');
      await client.ask('SESSION.SET', token, 'k', '2');
      expect(await client.ask('EXEC')).toEqual(['OK']);
    });

    it.each([
      ['a token', NOBODY, ['TOKEN', NOBODY]],
      ['a name', '@user:1', ['SHARED']],
    ])('%s that no session has may be watched: its creation counts', async (_, watched, options) => {
      const [client, other] = [await suite.connect(), await suite.connect()];
      await client.ask('WATCH', watched);
      await client.ask('MULTI');
      await client.ask('SESSION.EXISTS', watched);
      expect(await client.ask('EXEC')).toEqual([0]);
      await client.ask('WATCH', watched);
      await other.create('user:1', ...options);
      await client.ask('MULTI');
      await client.ask('SESSION.SET', watched, 'k', '2');
      expect(await client.ask('EXEC')).toBeNull();
      expect(await client.ask('SESSION.COUNT', watched)).toBe(0);
    });

    it('lasts until the next EXEC, DISCARD or UNWATCH', async () => {
      const [client, other] = [await suite.connect(), await suite.connect()];
      const token = await client.create('user:1');
      const forget: readonly (() => Promise<unknown>)[] = [
        () => client.ask('UNWATCH'),
        () => client.ask('MULTI').then(() => client.ask('DISCARD')),
        () => client.ask('MULTI').then(() => client.ask('EXEC')),
      ];
      for (const stop of forget) {
        await client.ask('WATCH', token);
        await stop();
        await other.ask('SESSION.SET', token, 'k', '1');
        await client.ask('MULTI');
        await client.ask('SESSION.SET', token, 'k', '2');
        expect(await client.ask('EXEC')).toEqual(['OK']);
      }
    });

    it('of many clients that write what they have read, none overwrites another', async () => {
      const client = await suite.connect();
      const token = await client.create('user:1', 'DATA', 'k', '0');
      const others = await Promise.all(Array.from({ length: 5 }, () => suite.connect()));
      await Promise.all(
        others.map(async (other) => {
          for (let done = 0; done < 5; ) {
            await other.ask('WATCH', token);
            const value = Number(await other.ask('SESSION.GET', token, 'k'));
            await other.ask('MULTI');
            await other.ask('SESSION.SET', token, 'k', String(value + 1));
            if ((await other.ask('EXEC')) !== null) done++;
          }
        }),
      );
      expect(await client.ask('SESSION.GET', token, 'k')).toBe('25');
    });
  });
}
