import { describe, expect, it } from 'vitest';
import { type Command, usageOf } from '../../../src/commands/declaration/command.js';
import { NOBODY } from './commands.js';
import type { Suite } from './suite.js';

/** The longest duration, in seconds. */
const MAX = 2 ** 31 - 1;

const NOT_AN_INTEGER = 'value is not an integer or out of range';

/** What is not a whole number. */
const NO_NUMBERS = ['', 'ten', '1.5', ' 1', '01', '+1', '-0', '1e3'];

const OPTIONS = '; the options are DATA, EXTEND, MAXAGE, LIMIT, TOKEN, SHARED';

/** Where a command takes a duration. */
const DURATIONS: readonly {
  argument: string;
  command: string;
  words(token: string, time: string): string[];
  expected: string;
  most: number;
}[] = [
  {
    argument: 'ttl',
    command: 'session.new',
    words: (_, time) => ['SESSION.NEW', 'timed', time],
    expected: `ttl must be a whole number of seconds from 0 to ${MAX}${OPTIONS}`,
    most: MAX,
  },
  {
    argument: 'MAXAGE',
    command: 'session.new',
    words: (_, time) => ['SESSION.NEW', 'timed', '10', 'MAXAGE', time],
    expected: `MAXAGE must be a whole number of seconds from 0 to ${MAX}`,
    most: MAX,
  },
  {
    argument: 'ttl',
    command: 'session.expire',
    words: (token, time) => ['SESSION.EXPIRE', token, time],
    expected: `ttl must be a whole number of seconds from 0 to ${MAX}`,
    most: MAX,
  },
  {
    argument: 'milliseconds',
    command: 'session.pexpire',
    words: (token, time) => ['SESSION.PEXPIRE', token, time],
    expected: `milliseconds must be a whole number from 0 to ${MAX * 1000}`,
    most: MAX * 1000,
  },
  {
    argument: 'GRACE',
    command: 'session.rotate',
    words: (token, time) => ['SESSION.ROTATE', token, 'GRACE', time],
    expected: `GRACE must be a whole number of seconds from 0 to ${MAX}`,
    most: MAX,
  },
];

/** @param commands The commands of the store. */
export function limits(suite: Suite, commands: readonly Command[]): void {
  describe('limits', () => {
    it('a name has 1 to 512 bytes', async () => {
      const client = await suite.connect();
      const longest = 'é'.repeat(256);
      for (const options of [[], ['SHARED']]) {
        for (const name of ['', `${longest}x`, 'x'.repeat(513), 'x'.repeat(10_000)]) {
          expect(await client.refusal('SESSION.NEW', name, ...options)).toBe('ERR a name must be 1 to 512 bytes long');
        }
        const token = await client.create(longest, ...options, 'DATA', 'k', '1');
        expect((await client.map('SESSION.INFO', token)).name).toBe(Buffer.from(longest).toString('latin1'));
      }
      expect(await client.ask('SESSION.GET', `@${longest}`, 'k')).toBe('1');
      expect(await client.ask('SESSION.ENDNAME', longest)).toBe(2);
      // Nothing has a name that is too long.
      for (const name of ['', 'x'.repeat(513)]) {
        expect(await client.ask('SESSION.TOKENS', name)).toEqual([]);
        expect(await client.ask('SESSION.ENDNAME', name)).toBe(0);
      }
    });

    it.each(DURATIONS.map((duration) => [duration.argument, duration.command, duration] as const))(
      '%s of %s is from 0 to the maximum',
      async (_, command, { words, expected, most }) => {
        const client = await suite.connect();
        const token = await client.create('user:1', 'DATA', 'k', '1');
        const outOfRange = `ERR invalid expire time in '${command}' command: ${expected}`;
        for (const time of ['-1', String(most + 1), '9223372036854775807', '-9223372036854775808']) {
          expect(await client.refusal(...words(token, time)), time).toBe(outOfRange);
        }
        for (const time of [...NO_NUMBERS, '9223372036854775808']) {
          expect(await client.refusal(...words(token, time)), time).toBe(`ERR ${NOT_AN_INTEGER}: ${expected}`);
        }
        expect(await client.ask('SESSION.TOKENS', 'timed')).toEqual([]);
        expect(await client.left(token)).toBe(-1);
        await client.ask(...words(token, String(most)));
      },
    );

    it('a duration of 0 is none, and the maximum is kept to the millisecond', async () => {
      const client = await suite.connect();
      const token = await client.create('user:1', String(MAX), 'EXTEND', 'GET', 'MAXAGE', '0');
      suite.expectLeft(await client.left(token), MAX * 1000);
      expect(await client.map('SESSION.INFO', token)).toMatchObject({ duration: MAX, maxage: 0 });
      await client.ask('SESSION.PEXPIRE', token, String(MAX * 1000 - 1));
      suite.expectLeft(await client.left(token), MAX * 1000 - 1);
      await client.ask('SESSION.EXPIRE', token, '0');
      expect(await client.left(token)).toBe(-1);
      const aged = await client.create('user:1', '0', 'MAXAGE', String(MAX));
      suite.expectLeft(await client.left(aged), MAX * 1000);
      expect(await client.map('SESSION.INFO', aged)).toMatchObject({ duration: 0, maxage: MAX });
    });

    it('a duration may be as short as a millisecond', async () => {
      const client = await suite.connect();
      const token = await client.create('user:1', 'DATA', 'k', '1');
      await client.ask('SESSION.PEXPIRE', token, '1');
      await suite.pass(1);
      expect(await client.ask('SESSION.EXISTS', token)).toBe(0);
    });

    it(`LIMIT is from 1 to ${MAX}`, async () => {
      const client = await suite.connect();
      for (const limit of ['0', '-1', String(MAX + 1), ...NO_NUMBERS]) {
        expect(await client.refusal('SESSION.NEW', 'user:1', 'LIMIT', limit), limit).toBe(
          `ERR ${NOT_AN_INTEGER}: LIMIT must be a whole number from 1 to ${MAX}`,
        );
      }
      expect(await client.ask('SESSION.TOKENS', 'user:1')).toEqual([]);
      await client.create('user:1', 'LIMIT', String(MAX));
    });

    it.each(commands.map((command) => [command.name, command] as const))(
      '%s refuses a wrong number of arguments, and says how it is used',
      async (name, { arity, arguments: args }) => {
        const client = await suite.connect();
        const usage = `${name.toUpperCase()} ${usageOf(args)}`.trimEnd();
        const wrong = [arity < 0 ? -arity - 2 : arity];
        if (arity > 1) wrong.push(arity - 2);
        for (const count of wrong) {
          expect(await client.refusal(name, ...new Array<string>(count).fill(NOBODY))).toBe(
            `ERR wrong number of arguments for '${name}' command: ${usage}`,
          );
        }
      },
    );
  });
}
