import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mapOf, type Reply } from '../../tools/replies.js';
import type { Client } from './client.js';
import { listPage, scanAll } from './listings.js';
import type { Suite } from './suite.js';

/** How many random cases each property is tried with. */
const RUNS = { numRuns: 15 };

/** Names, keys and values that a store might take for something else. */
const AWKWARD = [
  Buffer.from([0]),
  Buffer.from('\r\n$-1\r\n'),
  Buffer.from([0xff, 0xfe, 0x80]),
  Buffer.from('*?[a]\\'),
  Buffer.from('{}:{user}'),
  Buffer.from('@news'),
  Buffer.from('__proto__'),
  Buffer.from('base64:AAAA'),
  Buffer.from('"é\u2028'),
  Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)),
];

function bytes(minLength: number, maxLength: number): fc.Arbitrary<Buffer> {
  const random = fc.uint8Array({ minLength, maxLength, size: 'max' }).map((array) => Buffer.from(array));
  return fc.oneof(random, fc.constantFrom(...AWKWARD));
}

const names = bytes(1, 512);

/** The empty key and the empty value are valid too. */
const pairs = fc.uniqueArray(fc.tuple(bytes(0, 100), bytes(0, 300)), {
  selector: ([key]) => key.toString('latin1'),
  maxLength: 8,
});

type Pairs = readonly (readonly [key: Buffer, value: Buffer])[];

/** Bytes as replies show them. */
const shown = (given: Buffer) => given.toString('latin1');
const shownPairs = (given: Pairs) => new Map(given.map(([key, value]) => [shown(key), shown(value)]));

async function dataOf(client: Client, token: string): Promise<ReadonlyMap<string, Reply>> {
  return mapOf(await client.ask('SESSION.GETALL', token));
}

/** Returns the bytes of a key in a message with data. */
function keyIn(key: string): string {
  return shown(key.startsWith('base64:') ? Buffer.from(key.slice(7), 'base64') : Buffer.from(key));
}

/** Returns the bytes of a name or a value in a message with data. */
function valueIn(value: unknown): string {
  if (typeof value === 'string') return shown(Buffer.from(value));
  return shown(Buffer.from((value as { base64: string }).base64, 'base64'));
}

export function anyBytes(suite: Suite): void {
  describe('rule 11: everything is bytes', () => {
    it('names, keys and values come back unchanged', async () => {
      const client = await suite.connect();
      await fc.assert(
        fc.asyncProperty(names, pairs, async (name, data) => {
          const token = await client.create(name, ...(data.length > 0 ? ['DATA', ...data.flat()] : []));
          expect(await dataOf(client, token)).toEqual(shownPairs(data));
          const size = data.flat().reduce((sum, { length }) => sum + length, 0);
          const info = { name: shown(name), keys: data.length, bytes: size };
          expect(await client.map('SESSION.INFO', token)).toMatchObject(info);
          expect([...((await client.ask('SESSION.KEYS', token)) as string[])].sort()).toEqual(
            data.map(([key]) => shown(key)).sort(),
          );
          for (const [key, value] of data) expect(await client.ask('SESSION.GET', token, key)).toBe(shown(value));
          expect(await client.ask('SESSION.END', token)).toBe(1);
        }),
        RUNS,
      );
    });

    it('every command that writes takes them', async () => {
      const client = await suite.connect();
      await fc.assert(
        fc.asyncProperty(bytes(0, 100), bytes(0, 100), bytes(0, 100), async (key, one, two) => {
          const token = await client.create('x');
          const value = () => client.ask('SESSION.GET', token, key);
          await client.ask('SESSION.SET', token, key, one);
          expect(await value()).toBe(shown(one));
          expect(await client.ask('SESSION.ADD', token, key, two)).toBe(0);
          expect(await client.ask('SESSION.CAS', token, key, one, two)).toBe(1);
          expect(await value()).toBe(shown(two));
          expect(await client.ask('SESSION.APPEND', token, key, one)).toBe(two.length + one.length);
          expect(await value()).toBe(shown(two) + shown(one));
          expect(await client.ask('SESSION.CONTAINS', token, key)).toEqual([1]);
          expect(await client.ask('SESSION.DEL', token, key)).toBe(1);
          expect(await client.ask('SESSION.INCRBY', token, key, '7')).toBe(7);
          expect(await client.ask('SESSION.CLEARSET', token, key, two)).toBe(1);
          expect(await dataOf(client, token)).toEqual(shownPairs([[key, two]]));
        }),
        RUNS,
      );
    });

    it('a key is found only by exactly its bytes', async () => {
      const client = await suite.connect();
      await fc.assert(
        fc.asyncProperty(pairs, bytes(0, 100), async (data, key) => {
          fc.pre(data.length > 0);
          const token = await client.create('x', 'DATA', ...data.flat());
          const expected = shownPairs(data).get(shown(key)) ?? null;
          expect(await client.ask('SESSION.MGET', token, key, Buffer.concat([data[0][0], Buffer.from([0])]))).toEqual([
            expected,
            shownPairs(data).get(`${shown(data[0][0])}\0`) ?? null,
          ]);
        }),
        RUNS,
      );
    });

    it('commands by name find exactly the sessions with that name', async () => {
      const client = await suite.connect();
      await fc.assert(
        fc.asyncProperty(names, async (name) => {
          const token = await client.create(name);
          const shared = await client.create(name, 'SHARED', 'DATA', 'k', name);
          await client.create(Buffer.concat([Buffer.from('x'), name.subarray(0, 511)]));
          expect(await client.ask('SESSION.TOKENS', name)).toEqual([token, shared]);
          expect(await client.ask('SESSION.OPEN', name)).toBe(shared);
          expect(await client.ask('SESSION.GET', Buffer.concat([Buffer.from('@'), name]), 'k')).toBe(shown(name));
          expect((await listPage(client, name, 'KEYS', 'k')).sessions.map(({ values }) => values)).toEqual([
            ['k', null],
            ['k', shown(name)],
          ]);
          expect(await scanAll(client, 'SESSION.NAMES')).toContainEqual([shown(name), 2]);
          const found = await scanAll(client, 'SESSION.SCAN');
          expect(found).toContainEqual([token, shown(name)]);
          expect(found).toContainEqual([shared, shown(name)]);
          expect(await client.ask('SESSION.ENDNAME', name)).toBe(2);
        }),
        RUNS,
      );
    });

    it('events have them: as text if they are UTF-8, else as base64', async () => {
      const client = await suite.connect();
      const ended = await suite.subscribe('__sessiondata__:ended:*');
      await fc.assert(
        fc.asyncProperty(names, pairs, async (name, data) => {
          const token = await client.create(name, ...(data.length > 0 ? ['DATA', ...data.flat()] : []));
          await client.ask('SESSION.END', token);
          const event = (await ended.dataUpTo('ended', shown(name))).at(-1) ?? {};
          expect(event.token).toBe(token);
          expect(valueIn(event.name)).toBe(shown(name));
          const keys = Object.entries(event.keys ?? {}).map(([key, value]) => [keyIn(key), valueIn(value)] as const);
          expect(new Map(keys)).toEqual(shownPairs(data));
        }),
        RUNS,
      );
    });
  });
}
