import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { afterEach, describe, expect, it } from 'vitest';
import { Session, Sessions } from '../../src/client/index.js';
import { startServer, stopServers } from '../embedded-server.js';
import { FakeClock } from '../fake-clock.js';
import { CONNECTIONS, closeConnections } from '../redis-connections.js';

afterEach(async () => {
  closeConnections();
  await stopServers();
});

/** Arguments that the compiler would reject. */
// biome-ignore lint/suspicious/noExplicitAny: that is the point
type Any = any;

async function connect() {
  const server = await startServer({}, { clock: new FakeClock() });
  const sessions = new Sessions(await CONNECTIONS['ioredis, RESP2'](server.addresses[0].port));
  return { sessions: sessions as Any, session: (await sessions.create('x')) as Any };
}

const TEXT = 'must be a string, a number or a Buffer, not';

describe('plain JavaScript', () => {
  it('may write numbers, which are returned as text', async () => {
    const { session } = await connect();
    await session.set({ visits: 1, price: 9.5, large: 2n ** 62n });
    await session.add(new Map([['more', 0]]));
    await session.append('visits', 2);
    expect(await session.cas('price', 9.5, 10)).toBe(true);
    expect(await session.getAll()).toEqual({ visits: '12', price: '10', large: String(2n ** 62n), more: '0' });
  });

  it.each([
    [{}, 'an object'],
    [[1], 'an array'],
    [undefined, 'undefined'],
    [null, 'null'],
    [true, 'a boolean'],
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
    [new Uint8Array(1), 'an object'],
    [() => 1, 'a function'],
  ])('gets an error that says what to do if %s is given as a value, and nothing is written', async (value, kind) => {
    const { session, sessions } = await connect();
    const error = new TypeError(
      `the value of "cart" ${TEXT} ${kind}: convert other values to text, for example with JSON.stringify`,
    );
    for (const method of ['set', 'add', 'clearSet']) {
      await expect(session[method]({ fine: 'x', cart: value })).rejects.toThrow(error);
      await expect(session[method](new Map([['cart', value]]))).rejects.toThrow(error);
    }
    await expect(sessions.create('y', { data: { cart: value } })).rejects.toThrow(error);
    await expect(session.append('cart', value)).rejects.toThrow(`a value ${TEXT} ${kind}`);
    await expect(session.cas('cart', value, 'x')).rejects.toThrow(TypeError);
    await expect(session.incrBy('cart', value)).rejects.toThrow(TypeError);
    expect(await session.getAll()).toEqual({});
    expect(await sessions.exists('y')).toBe(0);
  });

  it('gets an error for invalid keys, names and tokens', async () => {
    const { session, sessions } = await connect();
    const wrong = [undefined, null, {}, 5];
    for (const value of wrong as Any[]) {
      for (const method of ['get', 'getBuffer', 'mGet', 'del', 'contains']) {
        await expect(session[method](value)).rejects.toThrow(
          /^each argument of SESSION\.\w+ must be a string or a Buffer, not /,
        );
      }
      await expect(session.set(new Map([[value, 'x']]))).rejects.toThrow('a key must be a string or a Buffer, not ');
      for (const method of ['create', 'open', 'endName', 'tokens', 'end', 'exists', 'touch']) {
        await expect(sessions[method](value)).rejects.toThrow(TypeError);
      }
      expect(() => sessions.withToken(value)).toThrow('the token must be a string, not ');
    }
    for (const fields of [undefined, null, 'x', ['a', 'b']]) {
      await expect(session.set(fields)).rejects.toThrow('keys and values must be an object or a Map, not ');
    }
  });

  it('gets an error for numbers out of range', async () => {
    const { session, sessions } = await connect();
    for (const ttl of [Number.NaN, -1, 1.5, 2 ** 31, '10', null, new Date()] as Any[]) {
      for (const create of [{ ttl }, { maxAge: ttl }, { limit: ttl === 2 ** 31 ? 0 : ttl }]) {
        await expect(sessions.create('y', create)).rejects.toThrow(/^(ttl|maxAge|limit) must be a (whole )?number/);
      }
      await expect(session.expire(ttl)).rejects.toThrow(/^ttl must be a (whole )?number/);
      await expect(session.rotate({ grace: ttl })).rejects.toThrow(/^grace must be a (whole )?number/);
    }
    await expect(session.pexpire(0.5)).rejects.toThrow(
      'milliseconds must be a whole number from 0 to 2147483647000, not 0.5',
    );
    await expect(session.setEx(0, { a: '1' })).rejects.toThrow(
      'ttl must be a whole number from 1 to 2147483647, not 0',
    );
    await expect(session.psetEx(0.5, { a: '1' })).rejects.toThrow(
      'milliseconds must be a whole number from 1 to 2147483647000, not 0.5',
    );
    await expect(session.expire(1, 'no')).rejects.toThrow('deleteSession must be true or false, not a string');
    await expect(sessions.create('y', { shared: 'false' })).rejects.toThrow(
      'shared must be true or false, not a string',
    );
    await expect(sessions.scan({ count: 0 }).next()).rejects.toThrow('count must be a whole number from 1 to ');
    await expect(sessions.list('x', { count: 0 }).next()).rejects.toThrow('count must be a whole number from 1 to ');
    await expect(sessions.list('x', { keys: 'a' }).next()).rejects.toThrow('keys must be an array of strings, not a ');
    await expect(sessions.endById('x', 'id')).rejects.toThrow('ids must be an array of strings, not a string');
    await expect(sessions.endById('x', [null])).rejects.toThrow('each item of ids must be a string, not null');
    expect(await session.info()).toMatchObject({ duration: 0 });
  });

  it('gets an error for an unknown option, which could create a session that never expires', async () => {
    const { sessions } = await connect();
    const options: Any = { ttl: 10, duration: 100 };
    await expect(sessions.create('y', options)).rejects.toThrow(
      new TypeError(
        'unknown option "duration": the options are ttl, deleteSession, shared, extend, maxAge, limit, token, data',
      ),
    );
    expect(await sessions.tokens('y')).toEqual([]);
  });

  it('gets an error immediately if there is no connection', () => {
    for (const [connection, kind] of [
      [undefined, 'undefined'],
      [{}, 'an object'],
      ['redis://localhost', 'a string'],
      [Redis, 'a function'],
    ] as Any[]) {
      const error = `the connection must be a client of ioredis or node-redis, as in new Sessions(redis), not ${kind}`;
      expect(() => new Sessions(connection)).toThrow(new TypeError(error));
      expect(() => new Session(connection, 'token')).toThrow(new TypeError(error));
    }
    expect(() => new Sessions(createClient())).not.toThrow();
    expect(() => new Sessions(new Redis({ lazyConnect: true }))).not.toThrow();
  });
});
