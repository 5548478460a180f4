import { afterEach, describe, expect, it, vi } from 'vitest';
import { get } from '../../src/commands/strings/get.js';
import type { Config, Server } from '../../src/index.js';
import { connectTo, startServer, stopServers } from '../embedded-server.js';
import { FakeClock } from '../fake-clock.js';
import { frame, type RawClient } from '../raw-client.js';
import { ask, askWith } from './ask.js';

afterEach(async () => {
  vi.restoreAllMocks();
  await stopServers();
});

const WRONGTYPE = 'WRONGTYPE Operation against a key holding the wrong kind of value';
const NOSESSION = 'NOSESSION no such session';
const TOKEN = 'AAECAwQFBgcICQoLDA0ODw';

async function start(config: Partial<Config> = {}) {
  const clock = new FakeClock();
  const server = await startServer(config, { clock });
  const client = await connectTo(server);
  return { clock, server, client, ask: (request: string) => ask(client, request) };
}

async function listen(server: Server, pattern = '__session*'): Promise<RawClient> {
  const subscriber = await connectTo(server);
  await askWith(subscriber, 'PSUBSCRIBE', pattern);
  return subscriber;
}

/** What the subscriber has got by now, as `<channel> <message>`. */
async function heard(server: Server, subscriber: RawClient): Promise<string[]> {
  const client = await connectTo(server);
  await client.expect(frame('PUBLISH', '__session_end', 'end'), ':1\r\n');
  const end = frame('pmessage', '__session*', '__session_end', 'end').toString('latin1');
  const messages = (await subscriber.takeUntil(end)).slice(0, -end.length);
  const pattern = /\*4\r\n\$8\r\npmessage\r\n\$10\r\n__session\*\r\n\$\d+\r\n(.*)\r\n\$\d+\r\n(.*)\r\n/g;
  return [...messages.matchAll(pattern)].map(([, channel, message]) => `${channel} ${message}`);
}

describe('a plain key is the shared session of that name', () => {
  it('SESSION.OPEN gives the token of what was stored under the key, by which its data is reached', async () => {
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
    expect(await ask('SESSION.OPEN sess:other')).toBe(NOSESSION);
  });

  it('its token is good before anybody has asked for it', async () => {
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

  it('SESSION.ENDNAME ends the key with the other sessions of its name, DEL the key alone', async () => {
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

  it('HGET reads the keys of one that was made with SESSION.NEW SHARED, of another it sees nothing', async () => {
    const { ask } = await start();
    const token = await ask('SESSION.NEW k 100 SHARED DATA a 1 b 2');
    expect(await ask('HGET k a')).toBe('1');
    expect(await ask('HGETALL k')).toBe('a 1 b 2');
    expect(await ask('HSET k a 3 c 4')).toBe('1');
    expect(await ask(`SESSION.GETALL ${token}`)).toBe('a 3 b 2 c 4');
    expect(await ask('TTL k')).toBe('100');
    await ask('SESSION.NEW private DATA a 1');
    expect(await ask('HGET private a')).toBe('nil');
    expect(await ask('SESSION.OPEN private')).toBe('NOTSHARED the session of this name is not shared');
    expect(await ask('SET private v')).toBe('OK');
    expect(await ask('SESSION.NEW private SHARED')).toBe('SESSIONEXISTS a shared session of this name exists');
  });

  it('SESSION.NEW SHARED of a key that there is says so; of one that was deleted it makes it anew', async () => {
    const { ask } = await start();
    await ask('SET k v');
    expect(await ask('SESSION.NEW k SHARED')).toBe('SESSIONEXISTS a shared session of this name exists');
    const token = await ask('SESSION.OPEN k');
    await ask('DEL k');
    expect(await ask('SESSION.NEW k SHARED')).toBe(token);
  });

  it('commands of SESSION read a string under the empty key, and refuse to write to it', async () => {
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
    // Inside of a transaction as well.
    await client.expect('MULTI\r\nSESSION.SET @k a 1\r\nINCR k\r\n', '+OK\r\n+QUEUED\r\n+QUEUED\r\n');
    expect(await ask('EXEC')).toBe(`${WRONGTYPE} 42`);
  });

  it('without data it is no key, and its first value makes it one again', async () => {
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
  ])('an empty one becomes a string by %s', async (request) => {
    const { ask } = await start();
    const token = await ask('SESSION.NEW k SHARED DATA a 1');
    await ask('SESSION.CLEAR @k');
    await ask(request);
    expect(await ask('GET k')).toBe('1');
    expect(await ask(`SESSION.GET ${token} `)).toBe('1');
  });

  it('an empty hash is no key: who takes the last field ends the session, with HDEL', async () => {
    const { ask } = await start();
    await ask('HSET k a 1 b 2');
    const token = await ask('SESSION.OPEN k');
    expect(await ask('HDEL k a b c')).toBe('2');
    expect(await ask(`SESSION.EXISTS ${token}`)).toBe('0');
    await ask('HSET k a 1');
    expect(await ask('SESSION.DEL @k a')).toBe('1');
    expect(await ask('EXISTS k')).toBe('0');
    // A session of its own it stays.
    expect(await ask(`SESSION.EXISTS ${token}`)).toBe('1');
  });

  it('LIMIT counts the key among the sessions of its name', async () => {
    const { ask } = await start();
    await ask('SET user:1 v');
    await ask('SESSION.NEW user:1 LIMIT 2');
    expect(await ask('EXISTS user:1')).toBe('1');
    await ask('SESSION.NEW user:1 LIMIT 2');
    expect(await ask('EXISTS user:1')).toBe('0');
  });

  it('a token that a session has chosen stays its own, and the key works all the same', async () => {
    const { ask } = await start();
    await ask('SET k v');
    const token = await ask('SESSION.OPEN k');
    expect(await ask(`SESSION.NEW rival TOKEN ${token}`)).toBe('SESSIONEXISTS a session of this token exists');
    await ask('DEL k');
    expect(await ask(`SESSION.NEW rival TOKEN ${token} DATA a 1`)).toBe(token);
    await ask('SET k w');
    expect(await ask('SESSION.OPEN k')).toBe('SESSIONEXISTS a session of this token exists');
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

/** The wheel gets to its work, or is behind and the key is met first by somebody who looks. */
const passTime = [
  ['the wheel in time', (clock: FakeClock, ms: number) => clock.advance(ms)],
  ['the wheel behind', (clock: FakeClock, ms: number) => clock.freeze(ms)],
] as const;

describe.each(passTime)('when keys expire, %s', (_, pass) => {
  it.each([
    [['SET k v PX 1500'], 1500],
    [['SETEX k 2 v'], 2000],
    [['PSETEX k 1 v'], 1],
    [['SET k v', 'PEXPIRE k 10'], 10],
    [['HSET k f v', 'EXPIRE k 3'], 3000],
    [['SET k v', 'GETEX k PX 77'], 77],
    [['SET k v PX 50', 'SET k w KEEPTTL', 'APPEND k x', 'SETRANGE k 9 x'], 50],
    [['SET n 1 PX 50', 'INCR n', 'RENAME n k'], 50],
    [['SET l v PX 50', 'COPY l k'], 50],
    [['SET k v PX 50', 'PEXPIRE k 20 LT', 'PEXPIRE k 90 NX'], 20],
    [[`SET k v PXAT ${Date.UTC(2030, 0, 1) + 123}`], 123],
    [['SET k v', `EXPIREAT k ${Date.UTC(2030, 0, 1) / 1000 + 4}`], 4000],
    [['SESSION.NEW k 5 SHARED DATA f v'], 5000],
  ])('%j: at the millisecond, not before', async (requests, ms) => {
    const { clock, ask } = await start();
    for (const request of requests) await ask(request);
    expect(await ask('PTTL k')).toBe(String(ms));
    expect(await ask('PEXPIRETIME k')).toBe(String(Date.UTC(2030, 0, 1) + ms));
    if (ms > 1) pass(clock, ms - 1);
    expect(await ask('EXISTS k')).toBe('1');
    expect(await ask('PTTL k')).toBe('1');
    pass(clock, 1);
    for (const [request, reply] of [
      ...[
        ['EXISTS k', '0'],
        ['TYPE k', 'none'],
        ['PTTL k', '-2'],
        ['HGETALL k', ''],
        ['GET k', 'nil'],
        ['KEYS *', ''],
      ],
      ...[
        ['SESSION.OPEN k', NOSESSION],
        ['SCAN 0 MATCH k', '0 '],
        ['RENAME k x', 'ERR no such key'],
      ],
    ]) {
      expect(await ask(request), request).toBe(reply);
    }
  });

  it('no key is extended by itself, and one without a duration lives until it is deleted', async () => {
    const { clock, ask } = await start();
    await ask('SET a 1 PX 1000');
    await ask('HSET b f 1');
    await ask('PEXPIRE b 1000');
    await ask('MSET c 1 d 2');
    pass(clock, 600);
    for (const request of [
      'GET a',
      'INCR a',
      'GETRANGE a 0 -1',
      'HGET b f',
      'HSET b g 2',
      'HINCRBY b f 1',
      'TOUCH a b',
    ])
      await ask(request);
    expect([await ask('PTTL a'), await ask('PTTL b')]).toEqual(['400', '400']);
    pass(clock, 400);
    expect(await ask('EXISTS a b')).toBe('0');
    pass(clock, 10_000_000);
    expect(await ask('EXISTS c d')).toBe('2');
  });

  it('a wall clock that is set neither ends nor lengthens them', async () => {
    const { clock, ask } = await start();
    await ask(`SET k v PXAT ${Date.UTC(2030, 0, 1) + 1000}`);
    clock.setWall(Date.UTC(2031, 0, 1));
    expect(await ask('PTTL k')).toBe('1000');
    expect(await ask('PEXPIRETIME k')).toBe(String(Date.UTC(2031, 0, 1) + 1000));
    pass(clock, 1000);
    expect(await ask('EXISTS k')).toBe('0');
  });

  it('EXTEND GET of a shared session works by GET, HGET and the like, EXTEND SET by what writes', async () => {
    const { clock, ask } = await start();
    await ask('SESSION.NEW h 1 EXTEND GET SHARED DATA f v');
    await ask('SESSION.NEW s 1 EXTEND GET SHARED');
    await ask('SET s v KEEPTTL');
    await ask('SESSION.NEW w 1 EXTEND SET SHARED DATA f v');
    const reads = ['HGET h f', 'HMGET h f', 'HGETALL h', 'HVALS h', 'HSCAN h 0', 'HRANDFIELD h 1'];
    const writes = ['HSET w f w', 'HDEL w g', 'HSETNX w g 1', 'HINCRBY w n 1', 'HDEL w g', 'HSET w f w'];
    for (const [i, read] of reads.entries()) {
      pass(clock, 900);
      for (const looks of ['TTL h', 'EXISTS h s w', 'HLEN h', 'HEXISTS h f', 'HKEYS h', 'TYPE h', 'OBJECT IDLETIME s'])
        await ask(looks);
      expect(await ask('PTTL h')).toBe('100');
      await ask(read);
      expect(await ask('PTTL h'), read).toBe('1000');
      await ask(['GET s', 'GETRANGE s 0 -1', 'MGET s', 'GETEX s', 'SET s v KEEPTTL GET', 'SESSION.GET @s '][i]);
      expect(await ask('PTTL s')).toBe('1000');
      const extends_ = writes[i] !== 'HDEL w g' || i === 4;
      await ask(writes[i]);
      expect(await ask('PTTL w'), writes[i]).toBe(extends_ ? '1000' : '100');
      if (!extends_) await ask('HSET w f again');
    }
    pass(clock, 1000);
    expect(await ask('EXISTS h s w')).toBe('0');
  });

  it('MAXAGE ends a key whatever its duration is', async () => {
    const { clock, server, ask } = await start();
    const subscriber = await listen(server);
    const token = await ask('SESSION.NEW k 1 EXTEND GET MAXAGE 2 SHARED DATA f v');
    pass(clock, 900);
    await ask('HGET k f');
    pass(clock, 900);
    await ask('HGET k f');
    expect(await ask('PTTL k')).toBe('200');
    await ask('SET k w');
    expect(await ask('PTTL k')).toBe('200');
    await ask('EXPIRE k 100');
    expect(await ask('PTTL k')).toBe('200');
    pass(clock, 200);
    expect(await ask('EXISTS k')).toBe('0');
    expect((await heard(server, subscriber))[1]).toBe(`__session__:maxage:k ${token}`);
  });

  it('one whose session stays is no key then, and may become anything; its first write starts its duration', async () => {
    const { clock, server, ask } = await start();
    const subscriber = await listen(server);
    const token = await ask('SESSION.NEW k 1 0 SHARED');
    await ask('SET k v KEEPTTL');
    expect(await ask('PTTL k')).toBe('1000');
    pass(clock, 1000);
    expect(await ask('EXISTS k')).toBe('0');
    expect(await ask(`SESSION.EXISTS ${token}`)).toBe('1');
    pass(clock, 5000);
    expect(await ask('HSET k f v')).toBe('1');
    expect(await ask('TYPE k')).toBe('hash');
    expect(await ask('PTTL k')).toBe('1000');
    pass(clock, 1000);
    expect(await ask('SET k w')).toBe('OK');
    expect(await ask('PTTL k')).toBe('-1');
    const events = await heard(server, subscriber);
    expect(events.filter((event) => event.startsWith('__session__'))).toEqual([
      ...[`__session__:new:k ${token}`, `__session__:cleared:k ${token}`, `__session__:cleared:k ${token}`],
    ]);
  });
});

describe('events of sessions tell of keys', () => {
  it('one per act, with the token, in the order of the acts', async () => {
    const { clock, server, ask } = await start();
    const subscriber = await listen(server);
    await ask('SET sess:abc v EX 10');
    await ask('SET sess:abc w EX 20');
    await ask('HSET h f v');
    await ask('EXPIRE h 0');
    await ask('MSET a 1 b 2');
    await ask('RENAME a b');
    await ask('COPY b c');
    await ask('COPY b c REPLACE');
    await ask('DEL b c none');
    await ask('HSET h f v');
    await ask('HDEL h f');
    await ask('SET d v');
    await ask('GETDEL d');
    clock.advance(20_000);
    const tokens = new Map<string, string>();
    const events = (await heard(server, subscriber)).filter((event) => event.startsWith('__session__'));
    expect(
      events.map((event) => {
        const [, name, token] = /^__session__:\w+:(\S+) ([\w-]{22})$/.exec(event) ?? [];
        // Each name has a token of its own, always the same.
        expect(tokens.get(name) ?? token).toBe(token);
        tokens.set(name, token);
        return event.slice('__session__:'.length, -23);
      }),
    ).toEqual([
      ...['new:sess:abc', 'new:h', 'ended:h', 'new:a', 'new:b', 'replaced:b', 'renamed:b', 'new:c', 'replaced:c'],
      ...['new:c', 'ended:b', 'ended:c', 'new:h', 'ended:h', 'new:d', 'ended:d', 'expired:sess:abc'],
    ]);
    expect(new Set(tokens.values()).size).toBe(tokens.size);
    for (const [name, token] of tokens) {
      await ask(`SET ${name} v`);
      expect(await ask(`SESSION.OPEN ${name}`)).toBe(token);
    }
  });

  it('expired comes at the deadline, and with it the value, under the empty key', async () => {
    const { clock, server, ask } = await start();
    const created = clock.wall();
    await ask('SET sess:abc value PX 1000');
    await ask('HSET h f v g w');
    await ask('PEXPIRE h 1000');
    const subscriber = await listen(server);
    clock.advance(999);
    expect(await heard(server, subscriber)).toEqual([]);
    clock.advance(1);
    const events = await heard(server, subscriber);
    expect(events.map((event) => event.split(' ')[0]).sort()).toEqual([
      ...['__session__:expired:h', '__session__:expired:sess:abc'],
      ...['__sessiondata__:expired:h', '__sessiondata__:expired:sess:abc'],
    ]);
    const [data] = events.filter((event) => event.startsWith('__sessiondata__:expired:sess:abc '));
    expect(JSON.parse(data.slice(data.indexOf('{')))).toEqual({
      ...{
        event: 'expired',
        name: 'sess:abc',
        token: expect.stringMatching(/^[\w-]{22}$/),
        at: created + 1000,
        created,
      },
      keys: { '': 'value' },
    });
    const [fields] = events.filter((event) => event.startsWith('__sessiondata__:expired:h '));
    expect(JSON.parse(fields.slice(fields.indexOf('{'))).keys).toEqual({ f: 'v', g: 'w' });
  });

  it('renamed and rotated take no data away; replaced and ended tell it a last time', async () => {
    const { server, ask } = await start();
    await ask('MSET a 1 b 2');
    const subscriber = await listen(server);
    await ask('RENAME a b');
    await ask('DEL b');
    const data = (await heard(server, subscriber)).filter((event) => event.startsWith('__sessiondata__'));
    expect(data.map((event) => event.replace(/"token".*"keys"/, ''))).toEqual([
      '__sessiondata__:replaced:b {"event":"replaced","name":"b",:{"":"2"}}',
      '__sessiondata__:ended:b {"event":"ended","name":"b",:{"":"1"}}',
    ]);
  });

  it('the token of an event opens the session', async () => {
    const { server, ask } = await start();
    const subscriber = await listen(server);
    await ask('SET k v');
    await ask('RENAME k l');
    const tokens = (await heard(server, subscriber)).map((event) => event.split(' ')[1]);
    expect(await ask(`SESSION.EXISTS ${tokens[0]}`)).toBe('0');
    expect(await ask(`SESSION.GET ${tokens[1]} `)).toBe('v');
  });
});

describe('memory', () => {
  it('noeviction refuses what takes memory; reads, expiries and removals go on', async () => {
    const { ask } = await start();
    await ask('MSET a 1 b 2');
    await ask('HSET h f v');
    await ask('CONFIG SET maxmemory 1');
    const OOM = "OOM command not allowed when used memory > 'maxmemory'.";
    for (const request of [
      'SET a 2',
      'APPEND a x',
      'INCR a',
      'HSET h f w',
      'COPY a c',
      'MSET a 1',
      'GETSET a 1',
      'SETEX a 1 v',
    ])
      expect(await ask(request), request).toBe(OOM);
    for (const request of [
      'GET a',
      'EXPIRE a 100',
      'PERSIST a',
      'GETEX a EX 10',
      'RENAME a c',
      'HDEL h f',
      'GETDEL c',
      'DEL b',
    ])
      expect(await ask(request), request).not.toMatch(/^(?:OOM|ERR|nil|0)/);
    expect(await ask('DBSIZE')).toBe('0');
  });

  it('volatile-ttl ends the keys that are due, and never one without a duration', async () => {
    const { ask } = await start({ 'maxmemory-policy': 'volatile-ttl' });
    await ask('SET soon v EX 10');
    await ask('SET later v EX 20');
    await ask('SET never v');
    await ask('CONFIG SET maxmemory 1');
    expect(await ask('KEYS *')).toBe('never');
  });

  it('allsessions-lru ends the key that was not used for longest; a client of NO-TOUCH uses none', async () => {
    const { clock, server, client, ask } = await start({ 'maxmemory-policy': 'allsessions-lru' });
    const other = await connectTo(server);
    for (const key of ['a', 'b', 'c']) {
      await askWith(client, 'SET', key, 'v'.repeat(100));
      clock.advance(1000);
    }
    await ask('GET a');
    await askWith(other, 'CLIENT', 'NO-TOUCH', 'ON');
    clock.advance(1000);
    await askWith(other, 'GET', 'b');
    expect([await ask('OBJECT IDLETIME a'), await ask('OBJECT IDLETIME b'), await ask('OBJECT IDLETIME c')]).toEqual([
      '1',
      '3',
      '2',
    ]);
    const order: string[] = [];
    while ((await ask('DBSIZE')) !== '0') {
      const before = await ask('KEYS *');
      server.engine.limitMemory(server.engine.memory - 1, 'allsessions-lru');
      const after = (await ask('KEYS *')).split(' ');
      order.push(...before.split(' ').filter((key) => !after.includes(key)));
      server.engine.limitMemory(Infinity, 'allsessions-lru');
    }
    expect(order).toEqual(['b', 'c', 'a']);
  });

  it('OBJECT IDLETIME counts from the latest use, which looking is not', async () => {
    const { clock, server, ask } = await start();
    await ask('SET k v');
    await ask('HSET h f v');
    clock.advance(5900);
    for (const request of [
      'TTL k',
      'TYPE k',
      'EXISTS k h',
      'KEYS *',
      'SCAN 0',
      'HLEN h',
      'HEXISTS h f',
      'OBJECT ENCODING k',
    ])
      await ask(request);
    expect([await ask('OBJECT IDLETIME k'), await ask('OBJECT IDLETIME h')]).toEqual(['5', '5']);
    for (const request of ['GET k', 'TOUCH k', 'APPEND k x', 'SET k v', 'STRLEN k', 'GETRANGE k 0 1', 'MGET k']) {
      clock.advance(3000);
      await ask(request);
      expect(await ask('OBJECT IDLETIME k'), request).toBe('0');
    }
    clock.advance(4000);
    const other = await connectTo(server);
    await askWith(other, 'CLIENT', 'NO-TOUCH', 'ON');
    for (const request of ['GET k', 'SET k w', 'HGET h f', 'HSET h f w']) await askWith(other, ...request.split(' '));
    expect(await ask('OBJECT IDLETIME k')).toBe('4');
    // TOUCH says what it wants, as in Redis.
    await askWith(other, 'TOUCH', 'k');
    expect(await ask('OBJECT IDLETIME k')).toBe('0');
    expect(await ask('OBJECT IDLETIME none')).toBe('nil');
  });
});

describe('WATCH of a key', () => {
  it.each([
    ['SET k w', true],
    ['SET k v', true],
    ['HSET h f w', true],
    ['HDEL h f', true],
    ['HDEL h none', false],
    ['DEL k', true],
    ['EXPIRE k 100', true],
    ['PERSIST k', false],
    ['RENAME k other', true],
    ['RENAME other k', true],
    ['COPY other k REPLACE', true],
    ['COPY k new', false],
    ['SET none v', true],
    ['HSET none f v', true],
    ['SESSION.NEW none SHARED', true],
    ['SESSION.ENDNAME h', true],
    ['SESSION.SET @h f w', true],
    ['SESSION.OPEN k', false],
    ['SESSION.NEW k', false],
    ['GET k', false],
    ['TOUCH k', false],
    ['SET unrelated v', false],
    ['FLUSHALL', true],
  ])('%s of another client disturbs it: %s', async (request, disturbs) => {
    const { server, client, ask } = await start();
    await ask('MSET k v other o');
    await ask('HSET h f v');
    await ask('WATCH k h none');
    const other = await connectTo(server);
    await askWith(other, ...request.split(' '));
    await client.expect('MULTI\r\nSET done 1\r\n', '+OK\r\n+QUEUED\r\n');
    expect(await ask('EXEC')).toBe(disturbs ? 'nil' : 'OK');
    expect(await ask('EXISTS done')).toBe(disturbs ? '0' : '1');
  });

  it.each(passTime)('its expiry disturbs it, %s', async (_, pass) => {
    const { clock, client, ask } = await start();
    await ask('SET k v PX 10');
    await ask('WATCH k');
    pass(clock, 10);
    await client.expect('MULTI\r\nSET done 1\r\n', '+OK\r\n+QUEUED\r\n');
    expect(await ask('EXEC')).toBe('nil');
  });

  it('a key that is deleted and made again with the same value is another', async () => {
    const { server, client, ask } = await start();
    await ask('SET k v');
    await ask('WATCH k');
    const other = await connectTo(server);
    await other.expect('DEL k\r\nSET k v\r\n', ':1\r\n+OK\r\n');
    await client.expect('MULTI\r\nSET done 1\r\n', '+OK\r\n+QUEUED\r\n');
    expect(await ask('EXEC')).toBe('nil');
  });

  it('a key that looks like a token or @name is watched as both', async () => {
    const { server, client, ask } = await start();
    for (const [key, request] of [
      [TOKEN, `SET ${TOKEN} v`],
      [TOKEN, `SESSION.NEW x TOKEN ${TOKEN}`],
      ['@name', 'SET @name v'],
      ['@name', 'SET name v'],
    ]) {
      await ask('FLUSHALL');
      await ask(`WATCH ${key}`);
      await askWith(await connectTo(server), ...request.split(' '));
      await client.expect('MULTI\r\nPING\r\n', '+OK\r\n+QUEUED\r\n');
      expect(await ask('EXEC'), request).toBe('nil');
    }
  });
});

describe('who may', () => {
  const users = 'reader read r; writer write w; boss admin a; listener events e';

  it.each([
    [
      'reader',
      'r',
      ['GET k', 'MGET k', 'STRLEN k', 'GETRANGE k 0 1', 'HGET h f', 'HGETALL h', 'HSCAN h 0', 'HRANDFIELD h'],
    ],
    [
      'reader',
      'r',
      ['EXISTS k', 'TTL k', 'PEXPIRETIME k', 'TYPE k', 'TOUCH k', 'OBJECT ENCODING k', 'WATCH k', 'HLEN h'],
    ],
    [
      'writer',
      'w',
      ['SET k v', 'SETNX k v', 'SETEX k 9 v', 'GETSET k v', 'MSET k v', 'APPEND k x', 'INCR n', 'SETRANGE k 0 x'],
    ],
    [
      'writer',
      'w',
      ['GETEX k EX 9', 'DEL x', 'UNLINK x', 'EXPIRE k 9', 'PERSIST k', 'RENAME k l', 'COPY l k', 'GETDEL l'],
    ],
    ['writer', 'w', ['HSET h f 1', 'HSETNX h g 1', 'HDEL h g', 'HINCRBY h f 1', 'HINCRBYFLOAT h f 1', 'HMSET h a b']],
    ['boss', 'a', ['KEYS *', 'SCAN 0', 'RANDOMKEY', 'FLUSHALL']],
  ])('%s: what it has the permission for, and nobody else', async (name, password, requests) => {
    const { server } = await start({ users });
    for (const [other, its] of [
      ['reader', 'r'],
      ['writer', 'w'],
      ['boss', 'a'],
      ['listener', 'e'],
    ]) {
      const client = await connectTo(server);
      await askWith(client, 'AUTH', other, its);
      for (const request of requests) {
        const reply = await askWith(client, ...request.split(' '));
        const isMine = other === name && its === password;
        expect(reply.startsWith('NOPERM '), `${other}: ${request}: ${reply}`).toBe(!isMine);
      }
    }
  });

  it('no command of keys goes without a permission', async () => {
    const { server } = await start({ users });
    const client = await connectTo(server);
    for (const request of ['GET k', 'SET k v', 'EXISTS k', 'DEL k', 'HGET h f', 'KEYS *', 'OBJECT IDLETIME k'])
      expect(await ask(client, request)).toBe('NOAUTH Authentication required.');
  });
});

describe('who watches', () => {
  it('MONITOR shows commands of keys with all their arguments, those of transactions as well', async () => {
    const { server, client } = await start();
    const monitor = await connectTo(server);
    await monitor.expect('MONITOR\r\n', '+OK\r\n');
    await ask(client, 'SET k v EX 10');
    await ask(client, 'HSET h f v');
    await client.expect('MULTI\r\nDEL k\r\nEXEC\r\n', '+OK\r\n+QUEUED\r\n*1\r\n:1\r\n');
    const lines = (await monitor.takeUntil('"EXEC"\r\n')).split('\r\n').map((line) => line.replace(/^.*\] /, ''));
    expect(lines.slice(0, -1)).toEqual([
      ...['"SET" "k" "v" "EX" "10"', '"HSET" "h" "f" "v"', '"MULTI"', '"DEL" "k"', '"EXEC"'],
    ]);
  });

  it('SLOWLOG keeps the slow ones, without what looks like a token', async () => {
    const { clock, client } = await start({ 'slowlog-log-slower-than': 2000 });
    vi.spyOn(get, 'run').mockImplementation(({ reply }) => {
      clock.freeze(3);
      reply.null();
    });
    await ask(client, 'SET fast v');
    await ask(client, 'GET slow');
    await ask(client, `GET sess:${TOKEN}`);
    const log = await ask(client, 'SLOWLOG GET');
    expect(log).toContain('GET slow');
    expect(log).toContain('GET sess:(redacted)');
    expect(log).not.toContain('fast');
    expect(log).not.toContain(TOKEN);
  });

  it.each([
    ['GET k', 'k'],
    ['SET k v EX 10', 'k'],
    ['MGET a b c', 'a b c'],
    ['MSET a 1 b 2', 'a b'],
    ['MSETNX a 1 b 2', 'a b'],
    ['DEL a b', 'a b'],
    ['EXISTS a b', 'a b'],
    ['TOUCH a b', 'a b'],
    ['RENAME a b', 'a b'],
    ['RENAMENX a b', 'a b'],
    ['COPY a b REPLACE', 'a b'],
    ['HSET h f v g w', 'h'],
    ['HDEL h f g', 'h'],
    ['HSCAN h 0 MATCH x', 'h'],
    ['EXPIRE k 10 NX', 'k'],
    ['OBJECT ENCODING k', 'k'],
    ['GETEX k PERSIST', 'k'],
    ['WATCH a b', 'a b'],
    ['KEYS *', 'ERR The command has no key arguments'],
    ['SCAN 0', 'ERR The command has no key arguments'],
  ])('COMMAND GETKEYS %s', async (request, keys) => {
    const { ask } = await start();
    expect(await ask(`COMMAND GETKEYS ${request}`)).toBe(keys);
  });
});
