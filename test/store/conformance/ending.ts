import { describe, expect, it } from 'vitest';
import type { Client } from './client.js';
import { LOOKS, NO_SESSION, NOBODY, on, QUESTIONS, READS, WRITES } from './commands.js';
import { everything, listPage, scanAll } from './listings.js';
import type { Suite } from './suite.js';

interface Ending {
  readonly how: string;
  /** How the session is created that will end. Its name is `user:1`. */
  readonly options: readonly string[];
  end(other: Client, token: string, suite: Suite): Promise<unknown>;
  /** The keys and values of the session with the name that is there afterwards, if one is. */
  readonly left?: readonly (readonly [key: string, value: string])[];
}

const COMMANDS: readonly Ending[] = [
  { how: 'END', options: ['1000', 'no'], end: (other, token) => other.ask('SESSION.END', token) },
  { how: 'ENDNAME', options: ['1000', 'no'], end: (other) => other.ask('SESSION.ENDNAME', 'user:1') },
  {
    how: 'ENDID',
    options: ['1000', 'no'],
    end: async (other, token) => other.ask('SESSION.ENDID', 'user:1', String(await other.ask('SESSION.ID', token))),
  },
  { how: 'ENDALL', options: ['1000', 'no'], end: (other) => other.ask('SESSION.ENDALL') },
  { how: 'LIMIT', options: ['1000', 'no'], end: (other) => other.create('user:1', 'LIMIT', '1'), left: [] },
];

/** Every way in which a token stops leading to a session. */
const ENDINGS: readonly Ending[] = [
  ...COMMANDS,
  { how: 'its deadline', options: ['1', 'EXTEND', 'BOTH'], end: (_, __, suite) => suite.pass(1000) },
  {
    how: 'its deadline, which the store has not noticed',
    options: ['1', 'EXTEND', 'BOTH'],
    end: (_, __, suite) => suite.passUnnoticed(1000),
  },
  { how: 'MAXAGE', options: ['1000', 'no', 'MAXAGE', '1'], end: (_, __, suite) => suite.pass(1000) },
  {
    how: 'ROTATE',
    options: ['1000'],
    end: (other, token) => other.ask('SESSION.ROTATE', token),
    left: [['k', '1']],
  },
  {
    how: 'the end of the GRACE of ROTATE',
    options: ['1000'],
    end: async (other, token, suite) => {
      await other.ask('SESSION.ROTATE', token, 'GRACE', '1');
      await suite.pass(1000);
    },
    left: [['k', '1']],
  },
];

const named = (endings: readonly Ending[]) => endings.map((ending) => [ending.how, ending] as const);

export function ending(suite: Suite): void {
  describe('rule 7: what ends a session ends it at once, whatever its expiry settings', () => {
    it.each(named(COMMANDS))(
      '%s: when the reply is sent, the session and its data are gone',
      async (_, { options, end }) => {
        const [client, other] = [await suite.connect(), await suite.connect()];
        const token = await client.create('user:1', ...options, 'EXTEND', 'BOTH', 'DATA', 'k', '1');
        await end(other, token, suite);
        expect(await client.refusal('SESSION.GETALL', token)).toBe(NO_SESSION);
        expect(await client.ask('SESSION.EXISTS', token)).toBe(0);
        expect(await client.ask('SESSION.TOKENS', 'user:1')).not.toContain(token);
        expect((await scanAll(client, 'SESSION.SCAN')).map(([found]) => found)).not.toContain(token);
        expect((await listPage(client, 'user:1', 'KEYS', 'k')).sessions).not.toContainEqual(
          expect.objectContaining({ keys: 1 }),
        );
      },
    );

    it('END ends the given sessions and no others, and says how many', async () => {
      const client = await suite.connect();
      const [one, two, kept] = [await client.create('a'), await client.create('a'), await client.create('a')];
      await client.create('news', 'SHARED');
      expect(await client.ask('SESSION.END', one, NOBODY, two, one, '@news', '@nobody')).toBe(3);
      expect(await client.ask('SESSION.MEXISTS', one, two, '@news', kept)).toEqual([0, 0, 0, 1]);
      expect(await client.ask('SESSION.END', one)).toBe(0);
    });

    it('ENDNAME ends all sessions with the name, shared or not, and says how many', async () => {
      const client = await suite.connect();
      const tokens = [
        await client.create('a'),
        await client.create('a', '10', 'no'),
        await client.create('a', 'SHARED'),
      ];
      const kept = [await client.create('ab'), await client.create('b')];
      expect(await client.ask('SESSION.ENDNAME', 'a')).toBe(3);
      expect(await client.ask('SESSION.EXISTS', ...tokens)).toBe(0);
      expect(await client.ask('SESSION.EXISTS', ...kept)).toBe(2);
      expect(await client.ask('SESSION.ENDNAME', 'a')).toBe(0);
    });

    it('ENDALL ends all sessions, and says how many', async () => {
      const client = await suite.connect();
      const tokens = [
        await client.create('a'),
        await client.create('b', '10', 'no'),
        await client.create('c', 'SHARED'),
      ];
      expect(await client.ask('SESSION.ENDALL')).toBe(3);
      expect(await client.ask('SESSION.EXISTS', ...tokens)).toBe(0);
      expect(await client.ask('SESSION.ENDALL')).toBe(0);
    });

    it('a great many sessions end as few do', async () => {
      const client = await suite.connect();
      const tokens: string[] = [];
      for (let i = 0; i < 600; i++) tokens.push(await client.create('a', 'DATA', 'k', '1'));
      expect(await client.ask('SESSION.ENDNAME', 'a')).toBe(600);
      expect(await client.ask('SESSION.EXISTS', ...tokens)).toBe(0);
      expect(await client.ask('SESSION.TOKENS', 'a')).toEqual([]);
    });
  });

  describe('rule 8: a write to an ended session is refused and creates nothing, whichever client ended it', () => {
    it.each(named(ENDINGS))('%s', async (_, { options, end, left }) => {
      const [client, other] = [await suite.connect(), await suite.connect()];
      const token = await client.create('user:1', ...options, 'DATA', 'k', '1');
      await end(other, token, suite);
      for (const asking of [client, other]) {
        for (const command of [...WRITES, ['ROTATE'], ...READS, ...LOOKS]) {
          expect(await asking.refusal(...on(token, command)), command[0]).toBe(NO_SESSION);
        }
        for (const [command, reply] of QUESTIONS) {
          expect(await asking.ask(...on(token, [command])), command).toEqual(reply);
        }
        for (const command of [['EXPIRE', '10'], ['PEXPIRE', '10'], ['TOUCH'], ['END']]) {
          expect(await asking.ask(...on(token, command)), command[0]).toBe(0);
        }
      }
      expect(Object.values(await everything(other))).toEqual(left === undefined ? [] : [['user:1', left]]);
    });

    it('so is one to a session that never was', async () => {
      const client = await suite.connect();
      for (const [token, error] of [
        [NOBODY, NO_SESSION],
        ['@nobody', `${NO_SESSION}: no shared session has this name`],
        ['@', `${NO_SESSION}: no shared session has this name`],
        [
          'user:1',
          `${NO_SESSION}: expected a token, which has 22 characters, or the name of a shared session after "@", such as @user:42`,
        ],
      ]) {
        for (const command of [...WRITES, ['ROTATE'], ...READS, ...LOOKS]) {
          expect(await client.refusal(...on(token, command)), command[0]).toBe(error);
        }
      }
      expect(await everything(client)).toEqual({});
    });
  });
}
