import { describe, expect, it } from 'vitest';
import type { Client } from './client.js';
import { IDLE_WRITES, LOOKS, NOBODY, on, QUESTIONS, READS, WRITES } from './commands.js';
import { listPage, scanAll } from './listings.js';
import type { Suite } from './suite.js';

const DURATION = 1_000_000;

/** Returns whether the duration of a session, created a second ago or more, has been restarted since. */
async function isExtended(client: Client, token: string): Promise<boolean> {
  return (await client.left(token)) > DURATION - 1000;
}

export function extending(suite: Suite): void {
  describe('rule 5: what restarts a duration', () => {
    it.each([
      ['without EXTEND, nothing', [], []],
      ['with EXTEND GET, each read', ['EXTEND', 'GET'], READS],
      ['with EXTEND SET, each write', ['EXTEND', 'SET'], WRITES],
      ['with EXTEND BOTH, each read and each write', ['EXTEND', 'BOTH'], [...READS, ...WRITES]],
    ])('%s; looking never does, nor a write that changes nothing', async (_, options, expected) => {
      const client = await suite.connect();
      const commands = [...READS, ...WRITES, ...IDLE_WRITES, ...LOOKS, ...QUESTIONS.map(([command]) => [command])];
      const tokens: string[] = [];
      for (const _ of commands) tokens.push(await client.create('basket', '1000', ...options, 'DATA', 'k', '1'));
      await suite.pass(1000);
      await listPage(client, 'basket', 'COUNT', '1000', 'SIZES', 'KEYS', 'k');
      await client.ask('SESSION.TOKENS', 'basket');
      await scanAll(client, 'SESSION.SCAN');
      await scanAll(client, 'SESSION.NAMES');
      const extended: unknown[] = [];
      for (const [i, command] of commands.entries()) {
        await client.ask(...on(tokens[i], command));
        if (await isExtended(client, tokens[i])) extended.push(command);
      }
      expect(extended).toEqual(expected);
    });

    it('a session that is used in time lives on, and expires a full duration after its last use', async () => {
      const client = await suite.connect();
      const token = await client.create('basket', '2', 'EXTEND', 'BOTH', 'DATA', 'k', '1');
      for (const use of [...READS, ['INCRBY', 'k', '1']]) {
        await suite.pass(1000);
        await client.ask(...on(token, use));
        suite.expectLeft(await client.left(token), 2000);
      }
      await suite.pass(2000);
      expect(await client.ask('SESSION.EXISTS', token)).toBe(0);
    });

    it('a write that is refused restarts nothing', async () => {
      const client = await suite.connect();
      const token = await client.create('basket', '1000', 'EXTEND', 'BOTH', 'DATA', 'k', 'text');
      await suite.pass(1000);
      await client.refusal('SESSION.INCRBY', token, 'k', '1');
      await client.refusal('SESSION.SET', token, 'k');
      expect(await isExtended(client, token)).toBe(false);
    });

    it('the duration that is restarted is the one that EXPIRE has set', async () => {
      const client = await suite.connect();
      const token = await client.create('basket', '5', 'EXTEND', 'GET', 'DATA', 'k', '1');
      await client.ask('SESSION.EXPIRE', token, '1000');
      await suite.pass(1000);
      await client.ask('SESSION.GET', token, 'k');
      suite.expectLeft(await client.left(token), DURATION);
    });

    it('TOUCH restarts every duration that runs, whatever EXTEND says', async () => {
      const client = await suite.connect();
      const [plain, reading, endless] = [
        await client.create('basket', '1000'),
        await client.create('basket', '1000', 'EXTEND', 'GET'),
        await client.create('basket'),
      ];
      await suite.pass(1000);
      expect(await client.ask('SESSION.TOUCH', plain, reading, endless, NOBODY)).toBe(2);
      expect([await isExtended(client, plain), await isExtended(client, reading)]).toEqual([true, true]);
      expect(await client.left(endless)).toBe(-1);
    });
  });
}
