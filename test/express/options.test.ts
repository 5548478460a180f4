import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { afterEach, describe, expect, it } from 'vitest';
import { RespiteStore } from '../../src/express/index.js';
import { setUp, tearDown } from './shop.js';

afterEach(tearDown);

/** Arguments that the compiler would reject. */
// biome-ignore lint/suspicious/noExplicitAny: that is the point
type Any = any;

describe('the options of the store', () => {
  const client = new Redis({ lazyConnect: true });

  it.each([undefined, null, {}, { client: undefined }, { client: {} }, { client: 'redis://localhost' }])(
    'refuse immediately what is not a client: %o',
    (options: Any) => {
      expect(() => new RespiteStore(options)).toThrow(
        /^client must be a client of ioredis or node-redis, as in new RespiteStore\(\{ client: redis \}\), not (undefined|an object|a string)$/,
      );
      expect(() => new RespiteStore(options)).toThrow(TypeError);
    },
  );

  it.each([
    [{ ttl: 0 }, 'ttl must be a whole number from 1 to 2147483647, not 0'],
    [{ ttl: '60' }, 'ttl must be a number, not a string'],
    [{ ttl: Number.NaN }, 'ttl must be a whole number from 1 to 2147483647, not NaN'],
    [{ maxAge: -1 }, 'maxAge must be a whole number from 1 to 2147483647, not -1'],
    [{ maxAge: 0.5 }, 'maxAge must be a whole number from 1 to 2147483647, not 0.5'],
    [{ prefix: '' }, 'prefix must not be empty: it is the name of sessions without a known user'],
    [{ prefix: 5 }, 'prefix must be a string, not a number'],
    [{ nameOf: 'userId' }, 'nameOf must be a function, not a string'],
    [{ keep: 'cart' }, 'keep must be an array of strings, not a string'],
    [{ keep: [1] }, 'each item of keep must be a string, not a number'],
    [{ subscriber: {} }, 'subscriber must be a client of ioredis or node-redis, not an object'],
  ] as [Any, string][])('refuse %o', (options, message) => {
    expect(() => new RespiteStore({ client, ...options })).toThrow(message);
  });

  it('accept clients of both libraries', () => {
    const other = createClient();
    expect(() => new RespiteStore({ client, subscriber: client })).not.toThrow();
    expect(() => new RespiteStore({ client: other, subscriber: other })).not.toThrow();
  });

  it('names must be strings or numbers, otherwise there is an error', async () => {
    const { storeWith } = await setUp('ioredis, RESP2');
    const store = storeWith() as Any;
    for (const name of [undefined, null, {}, Number.NaN]) {
      await expect(store.endAll(name)).rejects.toThrow('a name must be a string, not ');
      await expect(store.sessionsOf(name)).rejects.toThrow('a name must be a string, not ');
    }
    expect(await store.endAll(42)).toBe(0);
    expect(await store.sessionsOf(42)).toEqual([]);
    await expect(store.onExpired()).rejects.toThrow('listener must be a function, not undefined');
    const wrong = storeWith({ nameOf: () => ({}) as Any }) as Any;
    const error = await new Promise((resolve) => wrong.set('A'.repeat(22), { cookie: {} }, resolve));
    expect(error).toEqual(new TypeError('what nameOf returns must be a string, not an object'));
  });
});
