import { describe, expect, it } from 'vitest';
import { LOOKS, NO_SESSION, on, QUESTIONS, READS, WRITES } from './commands.js';
import { listPage, scanAll } from './listings.js';
import type { Suite } from './suite.js';

export function expiry(suite: Suite): void {
  describe('rule 2: a session expires at its deadline', () => {
    it('it and its data are gone then, and not before', async () => {
      const client = await suite.connect();
      const token = await client.create('basket', '2', 'DATA', 'k', '1');
      suite.expectLeft(await client.left(token), 2000);
      await suite.pass(1000);
      suite.expectLeft(await client.left(token), 1000);
      expect(await client.ask('SESSION.GET', token, 'k')).toBe('1');
      await suite.pass(1000);
      expect(await client.refusal('SESSION.GET', token, 'k')).toBe(NO_SESSION);
      expect(await client.left(token)).toBe(-2);
    });

    it.each(['0', 'no', 'FALSE'])('only its data is gone if deleteSession is %s', async (word) => {
      const client = await suite.connect();
      const token = await client.create('basket', '1', word, 'DATA', 'k', '1');
      await suite.pass(1000);
      expect(await client.ask('SESSION.EXISTS', token)).toBe(1);
      expect(await client.map('SESSION.GETALL', token)).toEqual({});
    });

    it.each(['1', 'yes', 'TRUE'])('it is gone if deleteSession is %s', async (word) => {
      const client = await suite.connect();
      const token = await client.create('basket', '1', word, 'DATA', 'k', '1');
      await suite.pass(1000);
      expect(await client.ask('SESSION.EXISTS', token)).toBe(0);
    });

    it('one without a duration does not expire', async () => {
      const client = await suite.connect();
      const tokens = [await client.create('basket', 'DATA', 'k', '1'), await client.create('basket', '0')];
      for (const token of tokens) expect(await client.left(token)).toBe(-1);
      expect(await client.ask('SESSION.TTL', tokens[0])).toBe(-1);
      await suite.pass(2000);
      expect(await client.ask('SESSION.EXISTS', ...tokens)).toBe(2);
    });

    it('a write without EXTEND does not move the deadline', async () => {
      const client = await suite.connect();
      const token = await client.create('basket', '2');
      await suite.pass(1000);
      await client.ask('SESSION.SET', token, 'k', '1');
      await suite.pass(1000);
      expect(await client.ask('SESSION.EXISTS', token)).toBe(0);
    });

    it('EXPIRE and PEXPIRE set a new duration, which starts now', async () => {
      const client = await suite.connect();
      const [one, two, three] = [
        await client.create('basket', '2', 'no', 'DATA', 'k', '1'),
        await client.create('basket', '2', 'no', 'DATA', 'k', '1'),
        await client.create('basket', '2'),
      ];
      await suite.pass(1000);
      expect(await client.ask('SESSION.EXPIRE', one, '2')).toBe(1);
      expect(await client.ask('SESSION.PEXPIRE', two, '2900', 'yes')).toBe(1);
      expect(await client.ask('SESSION.EXPIRE', three, '0')).toBe(1);
      suite.expectLeft(await client.left(one), 2000);
      suite.expectLeft(await client.left(two), 2900);
      expect(await client.ask('SESSION.TTL', two)).toBe(3);
      expect(await client.left(three)).toBe(-1);
      // Without deleteSession, that setting stays as it is.
      expect(await client.map('SESSION.INFO', one)).toMatchObject({ duration: 2, deleteSession: 0 });
      expect(await client.map('SESSION.INFO', two)).toMatchObject({ duration: 3, deleteSession: 1 });
      await suite.pass(2900);
      expect(await client.ask('SESSION.MEXISTS', one, two, three)).toEqual([1, 0, 1]);
      expect(await client.ask('SESSION.COUNT', one)).toBe(0);
      for (const command of ['SESSION.EXPIRE', 'SESSION.PEXPIRE']) expect(await client.ask(command, two, '2')).toBe(0);
    });
  });

  describe('EXPIRE and PEXPIRE', () => {
    it.each(['SESSION.EXPIRE', 'SESSION.PEXPIRE'])('%s changes nothing if an argument is wrong', async (command) => {
      const client = await suite.connect();
      const token = await client.create('basket', '1000', 'no');
      expect(await client.refusal(command, token, '10', 'maybe')).toBe(
        'ERR syntax error: deleteSession must be yes, no, true, false, 1 or 0',
      );
      expect(await client.refusal(command, token, '10', 'yes', 'maybe')).toBe(
        'ERR syntax error: argument 4 is not expected here',
      );
      expect(await client.map('SESSION.INFO', token)).toMatchObject({ duration: 1000, deleteSession: 0 });
    });
  });

  describe('rule 3: a session that survives its expiry', () => {
    it('is empty, has no deadline, and starts a fresh duration with its next write', async () => {
      const client = await suite.connect();
      const token = await client.create('basket', '1', 'no', 'DATA', 'k', '1');
      await suite.pass(1000);
      expect(await client.map('SESSION.INFO', token)).toMatchObject({ keys: 0, bytes: 0, duration: 1, pttl: -1 });
      await suite.pass(1000);
      await client.ask('SESSION.SET', token, 'n', '2');
      suite.expectLeft(await client.left(token), 1000);
      expect(await client.map('SESSION.GETALL', token)).toEqual({ n: '2' });
      await suite.pass(1000);
      expect(await client.map('SESSION.GETALL', token)).toEqual({});
      expect(await client.left(token)).toBe(-1);
    });

    it('starts no duration by being read, looked at or touched, or by a write that changes nothing', async () => {
      const client = await suite.connect();
      const token = await client.create('basket', '1', 'no', 'EXTEND', 'BOTH', 'DATA', 'k', '1');
      await suite.pass(1000);
      for (const command of [...READS, ...LOOKS, ['DEL', 'k'], ['CLEAR']]) await client.ask(...on(token, command));
      expect(await client.ask('SESSION.TOUCH', token)).toBe(0);
      expect(await client.left(token)).toBe(-1);
    });
  });

  describe('rule 4: nobody reads expired data, even if the store has not noticed that it expired', () => {
    it('each command by token finds no session', async () => {
      const client = await suite.connect();
      const refused = [...READS, ...LOOKS, ...WRITES, ['ROTATE']];
      const refusedTokens: string[] = [];
      for (const _ of refused)
        refusedTokens.push(await client.create('basket', '1', 'EXTEND', 'BOTH', 'DATA', 'k', '1'));
      const asked: string[] = [];
      for (const _ of QUESTIONS) asked.push(await client.create('basket', '1', 'DATA', 'k', '1'));
      const others: string[] = [];
      for (let i = 0; i < 3; i++) others.push(await client.create('basket', '1', 'EXTEND', 'BOTH'));
      await suite.passUnnoticed(1000);
      for (const [i, command] of refused.entries()) {
        expect(await client.refusal(...on(refusedTokens[i], command)), command[0]).toBe(NO_SESSION);
      }
      for (const [i, [command, reply]] of QUESTIONS.entries()) {
        expect(await client.ask(...on(asked[i], [command])), command).toEqual(reply);
      }
      expect(await client.ask('SESSION.TOUCH', others[0])).toBe(0);
      expect(await client.ask('SESSION.EXPIRE', others[1], '1000')).toBe(0);
      expect(await client.ask('SESSION.END', others[2])).toBe(0);
    });

    it('each command by token finds the session empty if deleteSession is off', async () => {
      const client = await suite.connect();
      const replies = [
        [['GET', 'k'], null],
        [
          ['MGET', 'k', 'n'],
          [null, null],
        ],
        [['GETALL'], []],
        [['KEYS'], []],
        [['COUNT'], 0],
        [['CONTAINS', 'k'], [0]],
        [['PTTL'], -1],
        [['DEL', 'k'], 0],
        [['CLEAR'], 0],
        [['ADD', 'k', '2'], 1],
        [['CAS', 'k', '1', '2'], 0],
        [['INCRBY', 'k', '1'], 1],
        [['APPEND', 'k', '22'], 2],
        [['CLEARSET', 'k', '2'], 0],
        [['TOUCH'], 0],
      ] as const;
      const tokens: string[] = [];
      for (const _ of replies)
        tokens.push(await client.create('basket', '1', 'no', 'EXTEND', 'BOTH', 'DATA', 'k', '1'));
      await suite.passUnnoticed(1000);
      for (const [i, [command, reply]] of replies.entries()) {
        expect(await client.ask(...on(tokens[i], command)), command[0]).toEqual(reply);
      }
    });

    it('each command by name finds no session', async () => {
      const client = await suite.connect();
      for (const name of ['a', 'b', 'c']) await client.create(name, '1', 'DATA', 'k', '1');
      const id = String(await client.ask('SESSION.ID', await client.create('d', '1')));
      for (const name of ['e', 'f']) await client.create(name, '1', 'SHARED', 'DATA', 'k', '1');
      const lasting = await client.create('g');
      await client.create('g', '1');
      await suite.passUnnoticed(1000);
      expect(await client.ask('SESSION.TOKENS', 'a')).toEqual([]);
      expect(await listPage(client, 'b', 'KEYS', 'k')).toEqual({ cursor: '0', sessions: [] });
      expect(await client.ask('SESSION.ENDNAME', 'c')).toBe(0);
      expect(await client.ask('SESSION.ENDID', 'd', id)).toBe(0);
      expect(await client.refusal('SESSION.OPEN', 'e')).toBe('NOSESSION no such session: no session has this name');
      await client.create('f', 'SHARED');
      expect(await client.ask('SESSION.COUNT', '@f')).toBe(0);
      // LIMIT does not count it, so the session that lasts need not make room.
      await client.create('g', 'LIMIT', '2');
      expect(await client.ask('SESSION.EXISTS', lasting)).toBe(1);
    });

    it('SESSION.SCAN finds no session, nor does SESSION.NAMES', async () => {
      const client = await suite.connect();
      await client.create('basket', '1', 'DATA', 'k', '1');
      await suite.passUnnoticed(1000);
      expect(await scanAll(client, 'SESSION.SCAN')).toEqual([]);
      await suite.soon(async () => expect(await scanAll(client, 'SESSION.NAMES')).toEqual([]));
    });

    it('its token can be given to another session', async () => {
      const client = await suite.connect();
      const token = await client.create('basket', '1', 'DATA', 'k', '1');
      await suite.passUnnoticed(1000);
      expect(await client.create('basket', 'TOKEN', token)).toBe(token);
      expect(await client.ask('SESSION.COUNT', token)).toBe(0);
    });
  });

  describe('rule 10: durations run on the monotonic clock', () => {
    it('a wall clock that is set forward or back changes no deadline, but what `created` says', async ({ skip }) => {
      const { stand } = suite;
      if (stand.moveWallClock === undefined) return skip('the wall clock of this store cannot be moved');
      const client = await suite.connect();
      const token = await client.create('basket', '2', 'MAXAGE', '1000', 'DATA', 'k', '1');
      const { created } = await client.map('SESSION.INFO', token);
      const hour = 3_600_000;
      stand.moveWallClock(hour);
      try {
        suite.expectLeft(await client.left(token), 2000);
        const later = await client.map('SESSION.INFO', await client.create('basket'));
        suite.expectPassed(Number(later.created) - Number(created), hour);
        stand.moveWallClock(-2 * hour);
        await suite.pass(1000);
        suite.expectLeft(await client.left(token), 1000);
        await suite.pass(1000);
        expect(await client.ask('SESSION.EXISTS', token)).toBe(0);
      } finally {
        stand.moveWallClock(hour);
      }
    });
  });
}
