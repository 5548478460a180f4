import { afterEach, describe, expect, it } from 'vitest';
import { commands } from '../../src/commands/table.js';
import { MAX_DATABASES } from '../../src/databases.js';
import type { Config } from '../../src/index.js';
import { connectTo, startServer, stopServers } from '../embedded-server.js';
import { temporaryDirectory } from '../journal/temporary-directory.js';
import { frame, type RawClient } from '../raw-client.js';
import { ask as askOf, askWith } from './ask.js';
import { start as startWith } from './start.js';
import { subscribe } from './subscribe.js';

afterEach(stopServers);

/**
 * Returns a function that sends a client's requests, each in a database: `1> GET k`, or `GET k` in the selected one.
 */
function askerOf(client: RawClient) {
  return async (request: string) => {
    const [, database, rest] = /^(?:(\d+)> )?(.*)$/.exec(request) ?? [];
    if (database !== undefined) await askOf(client, `SELECT ${database}`);
    return askOf(client, rest);
  };
}

async function start(config: Partial<Config> = {}) {
  const started = await startWith(config);
  return { ...started, ask: askerOf(started.client) };
}

const OUT_OF_RANGE = 'ERR DB index is out of range';
const RESERVED = 'ERR a key of database 0 must not begin with a NUL byte, the number of another database and a colon';
const sorted = (reply: string) => reply.split(' ').sort().join(' ');

describe('SELECT', () => {
  it('separates the keys of the databases', async () => {
    const { ask } = await start();
    await ask('0> SET k zero');
    expect(await ask('1> GET k')).toBe('nil');
    await ask('1> SET k one');
    await ask('15> HSET k f fifteen');
    await ask('15> SET l x');
    expect(await ask('0> GET k')).toBe('zero');
    expect(await ask('1> GET k')).toBe('one');
    expect(await ask('15> HGETALL k')).toBe('f fifteen');
    expect(await ask('15> GET k')).toMatch(/^WRONGTYPE/);
    expect(await ask('1> EXISTS k k l')).toBe('2');
    expect(await ask('1> DEL k l')).toBe('1');
    expect(await ask('15> EXISTS k l')).toBe('2');
    expect(await ask('0> GET k')).toBe('zero');
  });

  it.each([
    ['16', OUT_OF_RANGE],
    ['-1', OUT_OF_RANGE],
    ['one', 'ERR value is not an integer or out of range'],
    ['', 'ERR value is not an integer or out of range'],
    ['99999999999', 'ERR value is out of range, value must between -2147483648 and 2147483647'],
  ])('%j is an error, and the database stays selected', async (index, error) => {
    const { client, ask } = await start();
    await ask('3> SET k v');
    expect(await askWith(client, 'SELECT', index)).toBe(error);
    expect(await ask('GET k')).toBe('v');
    expect(await ask('CLIENT INFO')).toContain(' db=3 ');
  });

  it('takes as many databases as the option says', async () => {
    const { ask } = await start({ databases: MAX_DATABASES });
    expect(await ask(`SELECT ${MAX_DATABASES - 1}`)).toBe('OK');
    expect(await ask('CONFIG GET databases')).toBe(`databases ${MAX_DATABASES}`);
    await ask('SET k v');
    expect(await ask('KEYS *')).toBe('k');
    const one = await start({ databases: 1 });
    expect(await one.ask('SELECT 1')).toBe(OUT_OF_RANGE);
  });

  it('selects for one connection, until RESET', async () => {
    const { server, ask } = await start();
    await ask('2> SET k v');
    const other = await connectTo(server);
    expect(await askOf(other, 'GET k')).toBe('nil');
    await askOf(other, 'SELECT 2');
    expect(await askOf(other, 'GET k')).toBe('v');
    await other.send('HELLO 2\r\n');
    await other.takeUntil('modules\r\n*0\r\n');
    expect(await askOf(other, 'GET k')).toBe('v');
    expect(await askOf(other, 'RESET')).toBe('RESET');
    expect(await askOf(other, 'GET k')).toBe('nil');
  });
});

describe('keys of another database', () => {
  it('expire, and have everything else that keys have', async () => {
    const { clock, ask } = await start();
    await ask('4> MSET k 1 l 2');
    expect(await ask('MSETNX l 3 m 4')).toBe('0');
    expect(await ask('MGET k l m')).toBe('1 2 nil');
    expect(await ask('EXPIRE k 10')).toBe('1');
    expect(await ask('TTL k')).toBe('10');
    expect(await ask('INCR l')).toBe('3');
    expect(await ask('RENAME l n')).toBe('OK');
    expect(await ask('TYPE n')).toBe('string');
    expect(await ask('OBJECT ENCODING n')).toBe('int');
    expect(await ask('MEMORY USAGE n')).toMatch(/^\d+$/);
    expect(await ask('TOUCH k n l')).toBe('2');
    clock.advance(10_100);
    expect(await ask('EXISTS k')).toBe('0');
    expect(await ask('DBSIZE')).toBe('1');
  });

  it('have up to 512 bytes together with the prefix of their names', async () => {
    const { ask } = await start();
    expect(await ask(`1> SET ${'k'.repeat(509)} v`)).toBe('OK');
    expect(await ask(`SET ${'k'.repeat(510)} v`)).toMatch(/^ERR a name must be 1 to 512 bytes/);
    expect(await ask(`10> SET ${'k'.repeat(509)} v`)).toMatch(/^ERR a name/);
    expect(await ask(`0> SET ${'l'.repeat(512)} v`)).toBe('OK');
    expect(await ask(`MOVE ${'l'.repeat(512)} 1`)).toMatch(/^ERR a name/);
    expect(await ask('DBSIZE')).toBe('1');
  });

  it('are sessions with a longer name for SESSION commands, in any database', async () => {
    const { client, ask } = await start();
    await ask('7> HSET k f v');
    expect(await askWith(client, 'SESSION.GET', '@\x007:k', 'f')).toBe('v');
    await ask('SESSION.NEW k SHARED DATA f login');
    await ask('SELECT 0');
    expect(await ask('SESSION.GET @k f')).toBe('login');
    expect(await ask('HGET k f')).toBe('login');
    expect(await askWith(client, 'SESSION.NEW', '\x008:k', 'SHARED', 'DATA', 'f', 'eight')).toMatch(/^[\w-]{22}$/);
    expect(await ask('8> HGET k f')).toBe('eight');
    expect(await askWith(client, 'SESSION.ENDNAME', '\x008:k')).toBe('1');
    expect(await ask('DBSIZE')).toBe('0');
  });
});

describe('database 0', () => {
  /** A request for each command with keys, of which all are the key of another database. */
  const requests = commands
    .filter(({ group }) => ['generic', 'string', 'hash', 'set', 'sorted-set', 'json'].includes(group))
    .filter(({ arguments: given }) => JSON.stringify(given).includes('"type":"key"'))
    .map(({ name, arity, arguments: given }) => {
      const words = Array(Math.max(1, Math.abs(arity) - 1)).fill('\x001:k');
      return [name, ...words.map((word, i) => (given[i]?.name === 'numkeys' ? '1' : word))];
    });

  it('has no keys with the names of those of other databases', async () => {
    const { client, ask } = await start();
    expect(requests.map(([name]) => name)).toEqual(
      expect.arrayContaining(['set', 'get', 'del', 'copy', 'move', 'hset', 'sadd', 'zunionstore']),
    );
    await ask('1> SET k v');
    await ask('SELECT 0');
    for (const request of requests) {
      if (request[0] !== 'move') expect(await askWith(client, ...request), request[0]).toBe(RESERVED);
    }
    expect(await askWith(client, 'MOVE', '\x001:k', '2')).toBe(RESERVED);
    expect(await askWith(client, 'RENAME', 'k', '\x001:k')).toBe(RESERVED);
    expect(await askWith(client, 'DEL', 'k', '\x001:k')).toBe(RESERVED);
    expect(await askWith(client, 'WATCH', '\x001:k')).toBe(RESERVED);
    expect(await ask('1> GET k')).toBe('v');
    // In another database, it is a key like any other. Into database 0 it cannot go.
    expect(await askWith(client, 'SET', '\x001:k', 'w')).toBe('OK');
    expect(await askWith(client, 'MOVE', '\x001:k', '0')).toBe(RESERVED);
    expect(await askWith(client, 'COPY', '\x001:k', '\x001:k', 'DB', '0')).toBe(RESERVED);
    expect(await askWith(client, 'GET', '\x001:k')).toBe('w');
  });
});

describe('walking keys', () => {
  it('finds those of the database, and no others', async () => {
    const { ask } = await start();
    await ask('SESSION.NEW k');
    for (const database of [0, 1, 2]) {
      for (let i = 0; i < 30; i++) await ask(`${database}> SET ${'abc'[database]}:${i} v`);
    }
    await ask('1> HSET hash f v');
    const keys = [...Array(30).keys()].map((i) => `b:${i}`);
    expect(sorted(await ask('KEYS *'))).toBe([...keys, 'hash'].sort().join(' '));
    expect(sorted(await ask('KEYS b:2?'))).toBe(keys.slice(20).sort().join(' '));
    const found: string[] = [];
    let cursor = '0';
    do {
      const [next, ...page] = (await ask(`SCAN ${cursor} COUNT 7 TYPE string`)).split(' ');
      found.push(...page.filter((key) => key !== ''));
      cursor = next;
    } while (cursor !== '0');
    expect(found.sort()).toEqual(keys.sort());
    const random = new Set<string>();
    while (random.size < 31) random.add(await ask('RANDOMKEY'));
    expect([...random].sort()).toEqual([...keys, 'hash'].sort());
    expect(await ask('0> KEYS b:1')).toBe('');
    expect(sorted(await ask('KEYS ?:1'))).toBe('a:1');
    expect(await ask('DBSIZE')).toBe('31');
    expect(await ask('1> DBSIZE')).toBe('31');
    expect(await ask('5> RANDOMKEY')).toBe('nil');
    expect(await ask('5> KEYS *')).toBe('');
    expect(await ask('5> SCAN 0')).toBe('0 ');
  });

  it('is quick in a small database beside a large one', async () => {
    const { client, ask } = await start();
    await askWith(client, 'MSET', ...[...Array(5000).keys()].flatMap((i) => [`key:${i}`, 'v']));
    await ask('9> SET k v');
    expect(await ask('SCAN 0')).toBe('0 k');
  });
});

describe('MOVE and COPY', () => {
  it('move and copy keys with their data and their time', async () => {
    const { ask } = await start();
    await ask('0> SET k v EX 100');
    expect(await ask('MOVE k 3')).toBe('1');
    expect(await ask('EXISTS k')).toBe('0');
    expect(await ask('3> GET k')).toBe('v');
    expect(await ask('TTL k')).toBe('100');
    expect(await ask('COPY k k DB 0')).toBe('1');
    expect(await ask('COPY k l')).toBe('1');
    expect(await ask('COPY k l DB 0')).toBe('1');
    expect(await ask('0> MGET k l')).toBe('v v');
    expect(await ask('TTL l')).toBe('100');
    expect(await ask('MOVE k 3')).toBe('0');
    expect(await ask('MOVE none 3')).toBe('0');
    expect(await ask('MOVE k 0')).toBe('ERR source and destination objects are the same');
    expect(await ask('COPY k k DB 3')).toBe('0');
    await ask('SET k w');
    expect(await ask('COPY k k DB 3 REPLACE')).toBe('1');
    expect(await ask('3> GET k')).toBe('w');
    expect(await ask('COPY k k DB 16')).toBe(OUT_OF_RANGE);
    expect(await ask('MOVE k 16')).toBe(OUT_OF_RANGE);
    expect(await ask('DBSIZE')).toBe('2');
  });

  it('MOVE takes the place of a session that is not a key', async () => {
    const { client, ask } = await start();
    await askWith(client, 'SESSION.NEW', '\x001:k', 'SHARED');
    await ask('0> SET k v');
    expect(await ask('MOVE k 1')).toBe('1');
    expect(await ask('1> GET k')).toBe('v');
  });

  it('SWAPDB is refused', async () => {
    const { ask } = await start();
    await ask('0> SET k v');
    expect(await ask('SWAPDB 0 1')).toMatch(/^ERR SWAPDB is not supported/);
    expect(await ask('GET k')).toBe('v');
  });
});

describe('FLUSHDB', () => {
  it.each([10, 2000])('removes the %i keys of its database only', async (count) => {
    const { client, ask } = await start();
    await ask('SESSION.NEW login');
    for (const database of [0, 1, 2]) {
      await ask(`SELECT ${database}`);
      const pairs = [...Array(count).keys()].flatMap((i) => [`k${i}`, 'v']);
      expect(await askWith(client, 'MSET', ...pairs)).toBe('OK');
    }
    expect(await ask('1> FLUSHDB')).toBe('OK');
    expect(await ask('DBSIZE')).toBe('0');
    expect(await ask('KEYS *')).toBe('');
    expect(await ask('2> DBSIZE')).toBe(String(count));
    expect(await ask('0> DBSIZE')).toBe(String(count + 1));
    // Database 0 includes the sessions that are not keys.
    expect(await ask('FLUSHDB ASYNC')).toBe('OK');
    expect(await ask('DBSIZE')).toBe('0');
    expect(await ask('2> GET k1')).toBe('v');
    await client.expect('MULTI\r\nFLUSHDB\r\nDBSIZE\r\nEXEC\r\n', '+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n+OK\r\n:0\r\n');
  });

  it('FLUSHALL ends everything', async () => {
    const { ask } = await start();
    await ask('SESSION.NEW login');
    await ask('0> SET k v');
    await ask('1> SET k v');
    expect(await ask('FLUSHALL')).toBe('OK');
    expect([await ask('DBSIZE'), await ask('0> DBSIZE')]).toEqual(['0', '0']);
    await ask('1> SET k w');
    expect([await ask('DBSIZE'), await ask('0> DBSIZE')]).toEqual(['1', '0']);
  });
});

describe('transactions', () => {
  it('may change the database', async () => {
    const { client, ask } = await start();
    await client.expect(
      'MULTI\r\nSET k zero\r\nSELECT 1\r\nSET k one\r\nCOPY k l\r\nSELECT 99\r\nGET l\r\nEXEC\r\n',
      `+OK\r\n${'+QUEUED\r\n'.repeat(6)}*6\r\n+OK\r\n+OK\r\n+OK\r\n:1\r\n-${OUT_OF_RANGE}\r\n$3\r\none\r\n`,
    );
    expect(await ask('GET k')).toBe('one');
    expect(await ask('0> GET k')).toBe('zero');
  });

  it.each([
    ['SET k w', 'in the other database', '0> SET k w', true],
    ['SET k w', 'in the same database', '1> SET k w', false],
    ['MOVE', 'away', '1> MOVE k 2', false],
    ['FLUSHDB', 'of the same database', '1> FLUSHDB', false],
    ['FLUSHDB', 'of the other database', '0> FLUSHDB', true],
  ])('a watched key: %s %s', async (_, __, request, runs) => {
    const { server, ask } = await start();
    await ask('0> SET k v');
    await ask('1> SET k v');
    const watcher = await connectTo(server);
    for (const sent of ['SELECT 1', 'WATCH k', 'SELECT 0', 'MULTI', 'PING']) await askOf(watcher, sent);
    await ask(request);
    expect(await askOf(watcher, 'EXEC')).toBe(runs ? 'PONG' : 'nil');
  });

  it.each([
    ['1> SET k v', false],
    ['0> SET k v', true],
    ['0> COPY l k DB 1', false],
    ['0> MOVE l 1', true],
  ])('a watched key that does not exist yet: %s', async (request, runs) => {
    const { server, ask } = await start();
    await ask('0> SET l v');
    const watcher = await connectTo(server);
    for (const sent of ['SELECT 1', 'WATCH k', 'MULTI', 'PING']) await askOf(watcher, sent);
    await ask(request);
    await ask('DEL k');
    expect(await askOf(watcher, 'EXEC')).toBe(runs ? 'PONG' : 'nil');
  });
});

describe('what shows the database', () => {
  it('INFO keyspace', async () => {
    const { ask } = await start();
    expect((await ask('INFO keyspace')).trim()).toBe('# Keyspace');
    await ask('0> SET k v');
    await ask('3> SET k v');
    await ask('SET l v PX 2000');
    await ask('SET m v PX 4000');
    expect((await ask('INFO keyspace')).split('\r\n').slice(1, -1)).toEqual([
      'db0:keys=1,expires=0,avg_ttl=0',
      'db3:keys=3,expires=2,avg_ttl=3000',
    ]);
  });

  it('INFO keyspace estimates the expiries of a large database', async () => {
    const { client, ask } = await start();
    await ask('SELECT 1');
    await client.send(Buffer.concat([...Array(3000).keys()].map((i) => frame('SET', `k${i}`, 'v', 'EX', '10'))));
    await client.take(5 * 3000);
    expect((await ask('INFO keyspace')).split('\r\n')[1]).toBe('db1:keys=3000,expires=3000,avg_ttl=10000');
  });

  it('CLIENT LIST and MONITOR', async () => {
    const { server, ask } = await start();
    const monitor = await connectTo(server);
    expect(await askOf(monitor, 'MONITOR')).toBe('OK');
    await ask('12> GET k');
    expect(await ask('CLIENT LIST')).toMatch(/ db=12 .*cmd=client\|list/);
    expect(await monitor.takeUntil('"GET" "k"\r\n')).toMatch(
      / \[12 127\.0\.0\.1:\d+\] "SELECT" "12"\r\n.* \[12 [^\]]*\] "GET"/,
    );
  });

  it('keyspace events, on the channels of the database', async () => {
    const { clock, server, client, ask } = await start({ 'notify-keyspace-events': 'KEAn' });
    await ask('SELECT 2');
    const heard = await subscribe(await connectTo(server), client, '__key*');
    await ask('2> SET k v PX 5');
    clock.advance(100);
    await ask('0> SET l v');
    await ask('MOVE l 2');
    expect(await heard()).toEqual(
      [
        ['2', 'new', 'k'],
        ['2', 'set', 'k'],
        ['2', 'expire', 'k'],
        ['2', 'expired', 'k'],
        ['0', 'new', 'l'],
        ['0', 'set', 'l'],
        ['2', 'new', 'l'],
        ['0', 'move_from', 'l'],
        ['2', 'move_to', 'l'],
      ].flatMap(([database, event, key]) => [
        `__keyspace@${database}__:${key} ${event}`,
        `__keyevent@${database}__:${event} ${key}`,
      ]),
    );
  });

  it('the events of sessions, by the name', async () => {
    const { server, client, ask } = await start();
    const heard = await subscribe(await connectTo(server), client, '__session__:*');
    await ask('2> SET k v');
    await ask('DEL k');
    const names = (await heard()).map((message) => message.split(' ')[0]);
    expect(names).toEqual(['__session__:new:\x002:k', '__session__:ended:\x002:k']);
  });
});

it('a restart keeps the databases, however many there are to be', async () => {
  const config = { appendonly: true, dir: temporaryDirectory() };
  const server = await startServer(config);
  const before = askerOf(await connectTo(server));
  for (const request of ['0> SET k zero', '1> HSET k f one', 'SET gone v', 'MOVE gone 2', '9> SET k nine']) {
    await before(request);
  }
  for (const request of ['3> SET k v', 'FLUSHDB', 'BGREWRITEAOF', '2> SET late v']) await before(request);
  await server.close();
  const ask = askerOf(await connectTo(await startServer({ ...config, databases: 4 })));
  expect(await ask('0> GET k')).toBe('zero');
  expect(await ask('DBSIZE')).toBe('1');
  expect(await ask('1> HGET k f')).toBe('one');
  expect(sorted(await ask('2> KEYS *'))).toBe('gone late');
  expect(await ask('3> DBSIZE')).toBe('0');
  // A database beyond the option is still there, but cannot be selected.
  expect(await ask('SELECT 9')).toBe(OUT_OF_RANGE);
  expect(await ask('INFO keyspace')).toContain('db9:keys=1');
});

it('a key of another database takes no more than its part of the reserved names', async () => {
  const server = await startServer();
  const client = await connectTo(server);
  // Not canonical, or beyond the most databases: ordinary keys of database 0.
  for (const key of ['\x0001:k', '\x000:k', '\x00x:k', `\x00${MAX_DATABASES}:k`, '\x001']) {
    expect(await askWith(client, 'SET', key, 'v')).toBe('OK');
  }
  expect(await askOf(client, 'DBSIZE')).toBe('5');
});
