import { afterEach, describe, expect, it } from 'vitest';
import { stopServers } from '../embedded-server.js';
import { frame } from '../raw-client.js';
import { start } from './start.js';

afterEach(stopServers);

const WRONGTYPE = 'WRONGTYPE Operation against a key holding the wrong kind of value';
const sorted = (line: string) => line.split(' ').sort().join(' ');
const many = (count: number, prefix = 'm') => Array.from({ length: count }, (_, i) => `${prefix}${i}`).join(' ');

describe('a set', () => {
  it('has each member once', async () => {
    const { ask } = await start();
    expect(await ask('SADD s a b a')).toBe('2');
    expect(await ask('SADD s b c')).toBe('1');
    expect(await ask('SCARD s')).toBe('3');
    expect(sorted(await ask('SMEMBERS s'))).toBe('a b c');
    expect(await ask('SMISMEMBER s a x c')).toBe('1 0 1');
    expect(await ask('SREM s a x a')).toBe('1');
    expect(await ask('SISMEMBER s a')).toBe('0');
    expect(await ask('SREM s b c')).toBe('2');
    expect(await ask('EXISTS s')).toBe('0');
    expect(await ask('SESSION.EXISTS @s')).toBe('0');
  });

  it('keeps its deadline while members come and go, and expires as a whole', async () => {
    const { ask, clock } = await start();
    await ask('SADD s a');
    await ask('EXPIRE s 100');
    clock.advance(60_000);
    await ask('SADD s b');
    await ask('SREM s a');
    expect(await ask('TTL s')).toBe('40');
    clock.advance(40_000);
    expect(await ask('SMEMBERS s')).toBe('');
    expect(await ask('SADD s c')).toBe('1');
    expect(await ask('TTL s')).toBe('-1');
  });

  it.each([3, 200])('with %i members gives up random ones, each once', async (count) => {
    const { ask } = await start();
    await ask(`SADD s ${many(count)}`);
    const seen = new Set<string>();
    for (let i = 0; i < 40; i++) seen.add(await ask('SRANDMEMBER s'));
    expect(seen.size).toBeGreaterThan(1);
    expect(new Set((await ask('SRANDMEMBER s 3')).split(' ')).size).toBe(3);
    expect((await ask('SRANDMEMBER s -500')).split(' ')).toHaveLength(500);
    const popped = [await ask('SPOP s'), ...(await ask('SPOP s 1')).split(' ')];
    expect(await ask('SCARD s')).toBe(String(count - 2));
    popped.push(...(await ask('SPOP s 1000')).split(' '));
    expect(popped.sort()).toEqual(many(count).split(' ').sort());
    expect(await ask('EXISTS s')).toBe('0');
    expect(await ask('SPOP s')).toBe('nil');
  });

  it('of many members is scanned in pages, without one too many or too few', async () => {
    const { ask } = await start();
    await ask(`SADD s ${many(300)}`);
    const found: string[] = [];
    let cursor = '0';
    do {
      const [next, ...page] = (await ask(`SSCAN s ${cursor} COUNT 50`)).split(' ');
      found.push(...page);
      cursor = next;
    } while (cursor !== '0');
    expect(found.sort()).toEqual(many(300).split(' ').sort());
    expect(await ask('SSCAN s 0 MATCH m299 COUNT 1000')).toBe('0 m299');
  });

  it('is combined with others', async () => {
    const { ask } = await start();
    await ask(`SADD large ${many(100)}`);
    await ask('SADD a m1 m2 m3 x');
    await ask('SADD b m2 m3 m4');
    expect(sorted(await ask('SINTER large a b'))).toBe('m2 m3');
    expect(sorted(await ask('SUNION a b'))).toBe('m1 m2 m3 m4 x');
    expect((await ask('SUNION a large b large')).split(' ').sort()).toEqual([...many(100).split(' '), 'x'].sort());
    expect(sorted(await ask('SDIFF a b missing'))).toBe('m1 x');
    expect(await ask('SINTER a missing')).toBe('');
    expect(await ask('SINTERCARD 2 large a')).toBe('3');
    expect(await ask('SINTERCARD 2 large a LIMIT 2')).toBe('2');
    expect(await ask('SUNIONSTORE a a b')).toBe('5');
    expect(sorted(await ask('SMEMBERS a'))).toBe('m1 m2 m3 m4 x');
    expect(await ask('SDIFFSTORE large a a')).toBe('0');
    expect(await ask('EXISTS large')).toBe('0');
    expect(await ask('SMOVE a b x')).toBe('1');
    expect(await ask('SMOVE a b x')).toBe('0');
    expect(sorted(await ask('SMEMBERS b'))).toBe('m2 m3 m4 x');
  });

  it('is refused by commands for other kinds, and they by it', async () => {
    const { ask } = await start();
    for (const [kind, make] of [
      ['string', 'SET k v'],
      ['hash', 'HSET k f v'],
      ['zset', 'ZADD k 1 a'],
      ['set', 'SADD k a'],
    ]) {
      await ask('DEL k');
      await ask(make);
      expect(await ask('TYPE k')).toBe(kind);
      expect(await ask('SCAN 0 COUNT 100 TYPE set')).toBe(kind === 'set' ? '0 k' : '0 ');
      const commands = {
        string: ['GET k', 'APPEND k v', 'INCR k', 'GETEX k', 'SETRANGE k 0 v', 'STRLEN k', 'GETSET k v'],
        hash: ['HGET k f', 'HSET k f v', 'HGETALL k', 'HDEL k f', 'HINCRBY k f 1', 'HLEN k', 'HSCAN k 0'],
        set: [
          'SADD k a',
          'SREM k b',
          'SMEMBERS k',
          'SISMEMBER k a',
          'SCARD k',
          'SSCAN k 0',
          'SPOP k 0',
          'SRANDMEMBER k',
        ],
        zset: [
          'ZADD k 1 a',
          'ZREM k b',
          'ZSCORE k a',
          'ZRANGE k 0 -1',
          'ZCARD k',
          'ZRANK k a',
          'ZSCAN k 0',
          'ZPOPMIN k 0',
        ],
        more: [
          'SUNION k',
          'SINTERSTORE d missing k',
          'SMOVE k d a',
          'ZINCRBY k 1 a',
          'ZCOUNT k 0 1',
          'ZREMRANGEBYRANK k 9 9',
        ],
      };
      for (const [of, requests] of Object.entries(commands)) {
        for (const request of requests) {
          const own = of === kind || (of === 'more' && (request.startsWith('Z') ? 'zset' : 'set') === kind);
          // Commands that would change it come last.
          if (!own) expect(await ask(request), `${request} on a ${kind}`).toBe(WRONGTYPE);
        }
      }
    }
  });

  it('is a session that SESSION commands read and do not write', async () => {
    const { ask } = await start();
    await ask('SADD s a b');
    await ask('ZADD z 1.5 a -inf b');
    expect(await ask('SESSION.GETALL @s')).toBe('a  b ');
    expect(await ask('SESSION.GETALL @z')).toBe('a 1.5 b -inf');
    expect(await ask('SESSION.COUNT @s')).toBe('2');
    for (const key of ['s', 'z']) {
      for (const request of [
        'SET @k a 1',
        'ADD @k x 1',
        'DEL @k a',
        'CLEAR @k',
        'CLEARSET @k a 1',
        'INCRBY @k a 1',
        'APPEND @k a 1',
        'CAS @k a 1 2',
      ]) {
        expect(await ask(`SESSION.${request.replace('@k', `@${key}`)}`), request).toBe(WRONGTYPE);
      }
    }
    // What has no data yet can become anything.
    await ask('SESSION.NEW e 100 SHARED');
    expect(await ask('SADD e a')).toBe('1');
    expect(await ask('TYPE e')).toBe('set');
    expect(await ask('TTL e')).toBe('100');
    expect(await ask('SESSION.SET @e a 1')).toBe(WRONGTYPE);
  });

  it('that a deadline clears becomes a session that can be anything', async () => {
    const { ask, clock } = await start();
    await ask('SESSION.NEW e 100 no SHARED');
    await ask('ZADD e 1 a');
    clock.advance(100_000);
    expect(await ask('EXISTS e')).toBe('0');
    expect(await ask('SESSION.EXISTS @e')).toBe('1');
    expect(await ask('SESSION.SET @e a 1')).toBe('OK');
    expect(await ask('TYPE e')).toBe('hash');
  });

  it('is copied, renamed and replaced like any key', async () => {
    const { ask } = await start();
    await ask(`SADD s ${many(100)}`);
    await ask('EXPIRE s 100');
    expect(await ask('COPY s t')).toBe('1');
    await ask('SREM t m1');
    expect([await ask('SCARD s'), await ask('SCARD t'), await ask('TTL t')]).toEqual(['100', '99', '100']);
    await ask('RENAME t u');
    expect(await ask('TYPE u')).toBe('set');
    await ask('SET u v');
    expect(await ask('GET u')).toBe('v');
    expect(await ask('OBJECT ENCODING s')).toBe('hashtable');
    for (const [members, encoding] of [
      ['1 2 -3', 'intset'],
      ['1 2 x', 'listpack'],
    ]) {
      await ask(`DEL i`);
      await ask(`SADD i ${members}`);
      expect(await ask('OBJECT ENCODING i')).toBe(encoding);
    }
  });

  it('replies in the types of RESP3', async () => {
    const { client } = await start();
    await client.send(frame('HELLO', '3'));
    await client.reply();
    await client.expect(frame('SADD', 's', 'a'), ':1\r\n');
    await client.expect(frame('SMEMBERS', 's'), '~1\r\n$1\r\na\r\n');
    await client.expect(frame('SUNION', 's', 't'), '~1\r\n$1\r\na\r\n');
    await client.expect(frame('SRANDMEMBER', 's', '5'), '*1\r\n$1\r\na\r\n');
    await client.expect(frame('SPOP', 's', '5'), '~1\r\n$1\r\na\r\n');
    await client.expect(frame('SMEMBERS', 's'), '~0\r\n');
  });

  it('changes when it is watched, and in a transaction with room for what it adds', async () => {
    const { ask } = await start();
    await ask('SADD s a');
    await ask('WATCH s');
    await ask('SADD s a');
    await ask('MULTI');
    await ask('SUNIONSTORE t s s');
    expect(await ask('EXEC')).toBe('1');
    await ask('WATCH s');
    await ask('SADD s b');
    await ask('MULTI');
    await ask('SADD s c');
    expect(await ask('EXEC')).toBe('nil');
    await ask('CONFIG SET maxmemory 1');
    expect(await ask('SADD s d')).toMatch(/^OOM /);
    expect(await ask('SREM s a b')).toBe('2');
    await ask('CONFIG SET maxmemory 0');
    await ask(`SADD s ${many(1000)}`);
    expect(Number(await ask('MEMORY USAGE s'))).toBeGreaterThan(20_000);
  });
});
