import { describe, expect, it } from 'vitest';
import { NO_SESSION, NOBODY } from './commands.js';
import type { Suite } from './suite.js';

const DURATION = 1_000_000;
/** Has numbers that no double represents, white space, and text that is not ASCII. */
const DOCUMENT = '{ "id": 12345678901234567890, "price": 1.0, "name": "Ω \\u00e9", "items": [ {"n":1}, {"n":2} ] }';

export function jsonValues(suite: Suite): void {
  /** Creates a session whose key `k` is a JSON value. */
  const withValue = async (value: string, ...options: string[]) => {
    const client = await suite.connect();
    const token = await client.create('user:1', ...options, 'DATA', 'k', value);
    return { client, token, get: async () => String(await client.ask('SESSION.GET', token, 'k')) };
  };
  const utf8 = (text: string) => Buffer.from(text).toString('latin1');

  describe('JSON values', () => {
    it('are read in part, and whole without white space', async () => {
      const { client, token } = await withValue(DOCUMENT);
      const get = (...paths: string[]) => client.ask('SESSION.JSONGET', token, 'k', ...paths);
      expect(await get()).toBe(
        utf8('{"id":12345678901234567890,"price":1.0,"name":"Ω \\u00e9","items":[{"n":1},{"n":2}]}'),
      );
      expect(await get('$.items[*].n')).toBe('[1,2]');
      expect(await get('.items[1]')).toBe('{"n":2}');
      expect(await get('$.id', '.price')).toBe('{"$.id":[12345678901234567890],".price":[1.0]}');
      expect(await get('$.nothing')).toBe('[]');
      expect(await client.ask('SESSION.JSONGET', token, 'nothing', '$')).toBe(null);
    });

    it('are changed in place: everything else keeps its bytes', async () => {
      const { client, token, get } = await withValue(DOCUMENT);
      expect(await client.ask('SESSION.JSONSET', token, 'k', '$.items[0].n', '7')).toBe('OK');
      expect(await client.ask('SESSION.JSONINCRBY', token, 'k', '$.items[*].n', '1')).toBe('[8,3]');
      expect(await client.ask('SESSION.JSONARRAPPEND', token, 'k', '$.items', '3', '"x"')).toEqual([4]);
      expect(await client.ask('SESSION.JSONMERGE', token, 'k', '$', '{"price":null,"more":{"a":1,"b":null}}')).toBe(
        'OK',
      );
      expect(await client.ask('SESSION.JSONDEL', token, 'k', '$.items[0,2]')).toBe(2);
      expect(await get()).toBe(
        utf8('{"id": 12345678901234567890,"name": "Ω \\u00e9","items": [{"n":3},"x"],"more":{"a":1}}'),
      );
    });

    it('are created and removed with their key', async () => {
      const client = await suite.connect();
      const token = await client.create('user:1');
      const set = (...words: string[]) => client.ask('SESSION.JSONSET', token, 'cart', ...words);
      expect(await set('$', '{}', 'XX')).toBe(null);
      expect(await client.refusal('SESSION.JSONSET', token, 'cart', '$.a', '1')).toBe(
        'ERR new objects must be created at the root',
      );
      expect(await client.ask('SESSION.KEYS', token)).toEqual([]);
      expect(await set('$', ' { "a" : [ ] } ', 'NX')).toBe('OK');
      expect(await set('$', '1', 'NX')).toBe(null);
      expect(await set('$.a', '1', 'NX')).toBe(null);
      expect(await set('$.b', '2', 'NX')).toBe('OK');
      expect(await client.ask('SESSION.GET', token, 'cart')).toBe('{"a":[],"b":2}');
      expect(await client.ask('SESSION.JSONDEL', token, 'cart')).toBe(1);
      expect(await client.ask('SESSION.JSONDEL', token, 'cart', '$.a')).toBe(0);
      expect(await client.ask('SESSION.KEYS', token)).toEqual([]);
      expect(await client.ask('SESSION.JSONMERGE', token, 'cart', '$', '{"a":1,"b":null}')).toBe('OK');
      expect(await client.ask('SESSION.GET', token, 'cart')).toBe('{"a":1}');
    });

    it('are bytes like others for all other commands', async () => {
      const { client, token } = await withValue('[1');
      const error = 'ERR the value of the key is not JSON: ';
      expect(await client.refusal('SESSION.JSONGET', token, 'k')).toBe(`${error}expected ',' or ']' but it ends`);
      await client.ask('SESSION.APPEND', token, 'k', ',2]');
      expect(await client.ask('SESSION.JSONGET', token, 'k', '$[1]')).toBe('[2]');
      await client.ask('SESSION.SET', token, 'k', Buffer.from([0x22, 0xff, 0x22]));
      expect(await client.refusal('SESSION.JSONSET', token, 'k', '$.a', '1')).toBe(`${error}it is not valid UTF-8`);
      expect(await client.ask('SESSION.GET', token, 'k')).toBe('"\xff"');
    });

    it('of a session that does not exist are neither read nor written', async () => {
      const client = await suite.connect();
      expect(await client.refusal('SESSION.JSONGET', NOBODY, 'k')).toBe(NO_SESSION);
      expect(await client.refusal('SESSION.JSONSET', NOBODY, 'k', '$', '1')).toBe(NO_SESSION);
      expect(await client.refusal('SESSION.JSONDEL', NOBODY, 'k', '$.a')).toBe(NO_SESSION);
    });

    it('restart the duration when they are read or written, as EXTEND says', async () => {
      for (const [extend, onRead, onWrite] of [
        ['GET', true, false],
        ['SET', false, true],
      ] as const) {
        const { client, token } = await withValue('{"n":1}', '1000', 'EXTEND', extend);
        const extends_ = async (...words: string[]) => {
          await suite.pass(1000);
          await client.ask(words[0], token, 'k', ...words.slice(1));
          const isExtended = (await client.left(token)) > DURATION - 1000;
          await client.ask('SESSION.EXPIRE', token, '1000');
          return isExtended;
        };
        expect(await extends_('SESSION.JSONGET', '$.n')).toBe(onRead);
        expect(await extends_('SESSION.JSONSET', '$.n', '2')).toBe(onWrite);
        expect(await extends_('SESSION.JSONDEL', '$.n')).toBe(onWrite);
        // These write nothing.
        expect(await extends_('SESSION.JSONSET', '$', '2', 'NX')).toBe(false);
        expect(await extends_('SESSION.JSONDEL', '$.n')).toBe(false);
      }
    });

    it('lose no change, however many clients change them at once', async () => {
      const { client, token, get } = await withValue('{"n":0,"list":[]}');
      const clients = await Promise.all(Array.from({ length: 8 }, () => suite.connect()));
      await Promise.all(
        clients.map(async (each, i) => {
          for (let j = 0; j < 10; j++) {
            await each.ask('SESSION.JSONINCRBY', token, 'k', '$.n', '1');
            await each.ask('SESSION.JSONARRAPPEND', token, 'k', '$.list', `${10 * i + j}`);
          }
        }),
      );
      expect(await client.ask('SESSION.JSONGET', token, 'k', '.n')).toBe('80');
      const { list } = JSON.parse(await get()) as { list: number[] };
      expect(list.sort((a, b) => a - b)).toEqual(Array.from({ length: 80 }, (_, i) => i));
    });

    it('are read in transactions, and written if the store allows it', async () => {
      const { client, token, get } = await withValue('{"n":1}');
      await client.ask('MULTI');
      await client.ask('SESSION.JSONGET', token, 'k', '$.n');
      await client.ask('SESSION.JSONINCRBY', token, 'k', '$.n', '1');
      await client.ask('SESSION.SET', token, 'other', '1');
      const [read, written, set] = (await client.ask('EXEC')) as string[];
      expect([read, set]).toEqual(['[1]', 'OK']);
      if (written.startsWith('-')) {
        expect(written).toMatch(/^-ERR this command reads the value and then writes it, so it cannot be part of a tr/);
        expect(await get()).toBe('{"n":1}');
      } else expect([written, await get()]).toEqual(['[2]', '{"n":2}']);
    });

    it('are noticed by WATCH when they change', async () => {
      const { client, token } = await withValue('{"n":1}');
      const other = await suite.connect();
      await client.ask('WATCH', token);
      await other.ask('SESSION.JSONINCRBY', token, 'k', '$.n', '1');
      await client.ask('MULTI');
      await client.ask('SESSION.SET', token, 'k', 'lost');
      expect(await client.ask('EXEC')).toBe(null);
    });
  });
}
