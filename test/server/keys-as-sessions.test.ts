import { afterEach, describe, expect, it } from 'vitest';
import { stopServers } from '../embedded-server.js';
import { start } from './start.js';

afterEach(stopServers);

const WRONGTYPE = 'WRONGTYPE Operation against a key holding the wrong kind of value';
const NOSESSION = 'NOSESSION no such session';

describe('a plain key is the shared session of that name', () => {
  it('SESSION.OPEN returns the token for what was stored under a key, and the token gives access to its data', async () => {
    const { ask } = await start();
    await ask('SET sess:abc {"cart":1} EX 60');
    const token = await ask('SESSION.OPEN sess:abc');
    expect(token).toMatch(/^[\w-]{22}$/);
    expect(await ask(`SESSION.GET ${token} `)).toBe('{"cart":1}');
    expect(await ask('SESSION.GET @sess:abc ')).toBe('{"cart":1}');
    expect(await ask(`SESSION.TTL ${token}`)).toBe('60');
    await ask('HSET sess:def a 1');
    expect(await ask('SESSION.GETALL @sess:def')).toBe('a 1');
    expect(await ask('SESSION.OPEN sess:abc')).toBe(token);
    expect(await ask('SESSION.OPEN sess:other')).toBe(`${NOSESSION}: no session has this name`);
  });

  it('its token is valid before any client has requested it', async () => {
    const [first, second] = [await start({ secret: 'x'.repeat(16) }), await start({ secret: 'x'.repeat(16) })];
    await first.ask('SET k v');
    await second.ask('SET k w');
    for (let i = 0; i < 100; i++) await second.ask(`SET other:${i} v`);
    const token = await first.ask('SESSION.OPEN k');
    expect(await second.ask(`SESSION.GET ${token} `)).toBe('w');
    expect(await second.ask(`SESSION.END ${token}`)).toBe('1');
    expect(await second.ask('EXISTS k')).toBe('0');
    expect(await second.ask(`SESSION.EXISTS ${token}`)).toBe('0');
    await second.ask('HSET k f v');
    expect(await second.ask(`SESSION.GET ${token} f`)).toBe('v');
  });

  it('with EXTEND GET, commands that add to a number do not extend it', async () => {
    const { ask, clock } = await start();
    for (const [write, ...adding] of [
      ['SET k 1', 'INCR k', 'INCRBYFLOAT k 1.5'],
      ['HSET k f 1', 'HINCRBY k f 1', 'HINCRBYFLOAT k f 1.5'],
    ]) {
      await ask('DEL k');
      await ask('SESSION.NEW k 100 SHARED EXTEND GET');
      await ask(write);
      await ask('SESSION.EXPIRE @k 100');
      clock.advance(10_000);
      for (const command of adding) await ask(command);
      expect(await ask('SESSION.TTL @k')).toBe('90');
    }
  });

  it('values that are too long to be numbers are not, whatever they begin with', async () => {
    const { ask } = await start();
    const digits = '1'.repeat(10_000);
    await ask(`SET k ${digits}`);
    await ask(`HSET h f ${digits}`);
    expect(await ask('INCR k')).toBe('ERR value is not an integer or out of range');
    expect(await ask('INCRBYFLOAT k 1')).toBe('ERR value is not a valid float');
    expect(await ask('HINCRBY h f 1')).toBe('ERR hash value is not an integer');
    expect(await ask('HINCRBYFLOAT h f 1')).toBe('ERR hash value is not a float');
    expect(await ask('SESSION.CAS @h f 1 2')).toBe('0');
    expect(await ask(`SESSION.CAS @h f ${digits} 2`)).toBe('1');
    expect(await ask(`SESSION.CAS @h f 2${digits} 3`)).toBe('0');
  });

  it('SESSION.ENDNAME, END and ENDALL end it, and DEL ends the session', async () => {
    const { ask } = await start();
    await ask('MSET a 1 b 2 c 3 d 4');
    expect(await ask('SESSION.ENDNAME a')).toBe('1');
    expect(await ask('SESSION.END @b')).toBe('1');
    const token = await ask('SESSION.OPEN c');
    expect(await ask('DEL c')).toBe('1');
    expect(await ask(`SESSION.EXISTS ${token}`)).toBe('0');
    expect(await ask('SESSION.ENDALL')).toBe('1');
    expect(await ask('EXISTS a b c d')).toBe('0');
    expect(await ask('DBSIZE')).toBe('0');
  });

  it('SESSION.ENDNAME ends the key and the other sessions of its name, DEL only the key', async () => {
    const { ask } = await start();
    for (const [request, ended, left] of [
      ['DEL user:1', '1', '2'],
      ['SESSION.ENDNAME user:1', '3', '0'],
    ]) {
      await ask('FLUSHALL');
      await ask('SESSION.NEW user:1 DATA k v');
      await ask('SET user:1 v');
      await ask('SESSION.NEW user:1');
      expect(await ask(request)).toBe(ended);
      expect(await ask('DBSIZE')).toBe(left);
      expect(await ask('EXISTS user:1')).toBe('0');
    }
  });

  it('HGET reads a session created with SESSION.NEW SHARED, but not an unshared one', async () => {
    const { ask } = await start();
    const token = await ask('SESSION.NEW k 100 SHARED DATA a 1 b 2');
    expect(await ask('HGET k a')).toBe('1');
    expect(await ask('HGETALL k')).toBe('a 1 b 2');
    expect(await ask('HSET k a 3 c 4')).toBe('1');
    expect(await ask(`SESSION.GETALL ${token}`)).toBe('a 3 b 2 c 4');
    expect(await ask('TTL k')).toBe('100');
    await ask('SESSION.NEW private DATA a 1');
    expect(await ask('HGET private a')).toBe('nil');
    expect(await ask('SESSION.OPEN private')).toBe('NOTSHARED no session with this name is shared');
    expect(await ask('SET private v')).toBe('OK');
    expect(await ask('SESSION.NEW private SHARED')).toBe(
      'SESSIONEXISTS a shared session with this name already exists',
    );
  });

  it('SESSION.NEW SHARED fails for an existing key, and creates a deleted one anew', async () => {
    const { ask } = await start();
    await ask('SET k v');
    expect(await ask('SESSION.NEW k SHARED')).toBe('SESSIONEXISTS a shared session with this name already exists');
    const token = await ask('SESSION.OPEN k');
    await ask('DEL k');
    expect(await ask('SESSION.NEW k SHARED')).toBe(token);
  });

  it('session commands read a string under the empty key, and refuse to write to it', async () => {
    const { ask, client } = await start();
    await ask('SET k 41');
    expect(await ask('SESSION.KEYS @k')).toBe('');
    expect(await ask('SESSION.COUNT @k')).toBe('1');
    expect(await ask('SESSION.GETALL @k')).toBe(' 41');
    expect(await ask('SESSION.MGET @k  nope')).toBe('41 nil');
    for (const request of [
      ...['SET @k a 1', 'SET @k  1', 'ADD @k a 1', 'APPEND @k  x', 'INCRBY @k  1', 'INCRBY @k a 1', 'CAS @k  41 1'],
      ...['DEL @k ', 'DEL @k a', 'CLEAR @k', 'CLEARSET @k a 1'],
    ]) {
      expect(await ask(`SESSION.${request}`), request).toBe(WRONGTYPE);
    }
    expect(await ask('GET k')).toBe('41');
    expect(await ask('SESSION.EXPIRE @k 100')).toBe('1');
    expect(await ask('TTL k')).toBe('100');
    // In a transaction too.
    await client.expect('MULTI\r\nSESSION.SET @k a 1\r\nINCR k\r\n', '+OK\r\n+QUEUED\r\n+QUEUED\r\n');
    expect(await ask('EXEC')).toBe(`${WRONGTYPE} 42`);
  });

  it('a shared session without data is not a key, and its first value makes it one', async () => {
    const { ask } = await start();
    const token = await ask('SESSION.NEW k 100 SHARED');
    for (const [request, reply] of [
      ...[
        ['EXISTS k', '0'],
        ['TYPE k', 'none'],
        ['GET k', 'nil'],
        ['HLEN k', '0'],
        ['TTL k', '-2'],
        ['DEL k', '0'],
      ],
      ...[
        ['EXPIRE k 5', '0'],
        ['PERSIST k', '0'],
        ['GETDEL k', 'nil'],
        ['RENAME k l', 'ERR no such key'],
      ],
      ...[
        ['COPY k l', '0'],
        ['OBJECT ENCODING k', 'nil'],
        ['TOUCH k', '0'],
        ['KEYS *', ''],
        ['RANDOMKEY', 'nil'],
      ],
      ...[
        ['SCAN 0', '0 '],
        ['SET k v XX', 'nil'],
        ['GETEX k EX 5', 'nil'],
        ['HDEL k f', '0'],
        ['MGET k', 'nil'],
      ],
    ]) {
      expect(await ask(request), request).toBe(reply);
    }
    expect(await ask(`SESSION.EXISTS ${token}`)).toBe('1');
    expect(await ask('SET k v KEEPTTL NX')).toBe('OK');
    expect(await ask(`SESSION.GET ${token} `)).toBe('v');
    expect(await ask('TTL k')).toBe('100');
  });

  it.each([
    'INCR k',
    'APPEND k 1',
    'SETRANGE k 0 1',
    'INCRBYFLOAT k 1',
    'SETNX k 1',
    'GETSET k 1',
    'MSETNX k 1',
    'MSET k 1',
  ])('an empty one becomes a string with %s', async (request) => {
    const { ask } = await start();
    const token = await ask('SESSION.NEW k SHARED DATA a 1');
    await ask('SESSION.CLEAR @k');
    await ask(request);
    expect(await ask('GET k')).toBe('1');
    expect(await ask(`SESSION.GET ${token} `)).toBe('1');
  });

  it('an empty hash is not a key: HDEL of the last field ends the session', async () => {
    const { ask } = await start();
    await ask('HSET k a 1 b 2');
    const token = await ask('SESSION.OPEN k');
    expect(await ask('HDEL k a b c')).toBe('2');
    expect(await ask(`SESSION.EXISTS ${token}`)).toBe('0');
    await ask('HSET k a 1');
    expect(await ask('SESSION.DEL @k a')).toBe('1');
    expect(await ask('EXISTS k')).toBe('0');
    // SESSION.DEL does not end the session.
    expect(await ask(`SESSION.EXISTS ${token}`)).toBe('1');
  });

  it('LIMIT counts the key as one of the sessions of its name', async () => {
    const { ask } = await start();
    await ask('SET user:1 v');
    await ask('SESSION.NEW user:1 LIMIT 2');
    expect(await ask('EXISTS user:1')).toBe('1');
    await ask('SESSION.NEW user:1 LIMIT 2');
    expect(await ask('EXISTS user:1')).toBe('0');
  });

  it('a token that a session has chosen stays with that session, and the key works nevertheless', async () => {
    const { ask } = await start();
    await ask('SET k v');
    const token = await ask('SESSION.OPEN k');
    expect(await ask(`SESSION.NEW rival TOKEN ${token}`)).toBe(
      'SESSIONEXISTS a session with this token already exists',
    );
    await ask('DEL k');
    expect(await ask(`SESSION.NEW rival TOKEN ${token} DATA a 1`)).toBe(token);
    await ask('SET k w');
    expect(await ask('SESSION.OPEN k')).toBe('SESSIONEXISTS a session with this token already exists');
    expect(await ask('SESSION.GET @k ')).toBe('w');
    expect(await ask(`SESSION.GETALL ${token}`)).toBe('a 1');
    expect(await ask('RENAME k l')).toBe('OK');
    expect(await ask('SESSION.OPEN l')).not.toBe(token);
    expect(await ask('RENAME l k')).toBe('OK');
    await ask('SESSION.ENDNAME rival');
    expect(await ask('SESSION.OPEN k')).toBe(token);
    expect(await ask(`SESSION.GET ${token} `)).toBe('w');
  });
});
