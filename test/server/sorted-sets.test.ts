import { afterEach, describe, expect, it } from 'vitest';
import { stopServers } from '../embedded-server.js';
import { frame } from '../raw-client.js';
import { start } from './start.js';

afterEach(stopServers);

const SYNTAX = 'ERR syntax error';

describe('a sorted set', () => {
  it('adds members and changes scores as the options say', async () => {
    const { ask } = await start();
    expect(await ask('ZADD z 1 a 2 b 1 a')).toBe('2');
    expect(await ask('ZADD z CH 1 a 3 b 4 c')).toBe('2');
    expect(await ask('ZADD z NX 9 a 9 d')).toBe('1');
    expect(await ask('ZADD z XX 0 a 9 e')).toBe('0');
    expect(await ask('ZADD z GT CH 2 b 5 c 1 f')).toBe('2');
    expect(await ask('ZADD z LT CH 2 b 6 c')).toBe('1');
    expect(await ask('ZRANGE z 0 -1 WITHSCORES')).toBe('a 0 f 1 b 2 c 5 d 9');
    expect(await ask('ZADD z XX INCR 1 x')).toBe('nil');
    expect(await ask('ZADD z INCR 1.5 a')).toBe('1.5');
    expect(await ask('ZINCRBY z -0.5 a')).toBe('1');
    expect(await ask('ZINCRBY z inf a')).toBe('inf');
    expect(await ask('ZINCRBY z -inf a')).toBe('ERR resulting score is not a number (NaN)');
    expect(await ask('ZADD none XX 1 a')).toBe('0');
    expect(await ask('EXISTS none')).toBe('0');
  });

  it.each([
    ['ZADD z NX XX 1 a', 'ERR XX and NX options at the same time are not compatible'],
    ['ZADD z NX GT 1 a', 'ERR GT, LT, and/or NX options at the same time are not compatible'],
    ['ZADD z GT LT 1 a', 'ERR GT, LT, and/or NX options at the same time are not compatible'],
    ['ZADD z INCR 1 a 2 b', 'ERR INCR option supports a single increment-element pair'],
    ['ZADD z 1 a 2', SYNTAX],
    ['ZADD z 1 a x b', 'ERR value is not a valid float'],
    ['ZADD z nan a', 'ERR value is not a valid float'],
    ['ZADD z 1e400 a', 'ERR value is not a valid float'],
    ['ZRANGE z 0 x', 'ERR value is not an integer or out of range'],
    ['ZRANGE z 0 -1 LIMIT 0 1', `${SYNTAX}, LIMIT is only supported in combination with either BYSCORE or BYLEX`],
    ['ZRANGE z [a [b BYLEX WITHSCORES', `${SYNTAX}, WITHSCORES not supported in combination with BYLEX`],
    ['ZRANGEBYSCORE z (x 1', 'ERR min or max is not a float'],
    ['ZRANGEBYLEX z a [b', 'ERR min or max not valid string range item'],
    ['ZREVRANGE z 0 -1 REV', SYNTAX],
    ['ZRANGESTORE d z 0 -1 WITHSCORES', SYNTAX],
    ['ZPOPMIN z -1', 'ERR value is out of range, must be positive'],
    ['ZRANK z a x', SYNTAX],
    ['ZUNION 0 z', "ERR at least 1 input key is needed for 'zunion' command"],
    ['ZINTERSTORE d x z', 'ERR value is not an integer or out of range'],
    ['ZDIFF 2 z', SYNTAX],
    ['ZDIFF 1 z WEIGHTS 1', SYNTAX],
    ['ZUNION 1 z WEIGHTS x', 'ERR weight value is not a float'],
    ['ZUNION 2 z z WEIGHTS 1', SYNTAX],
    ['ZUNION 1 z AGGREGATE AVG', SYNTAX],
    ['ZUNIONSTORE d 1 z WITHSCORES', SYNTAX],
    ['ZINTERCARD 1 z LIMIT -1', "ERR LIMIT can't be negative"],
    ['ZMPOP 0 z MIN', 'ERR numkeys should be greater than 0'],
    ['ZMPOP 2 z MIN', SYNTAX],
    ['ZMPOP 1 z FIRST', SYNTAX],
    ['ZMPOP 1 z MIN COUNT 0', 'ERR count should be greater than 0'],
    ['ZMPOP 1 z MIN COUNT 1 COUNT 1', SYNTAX],
    [
      'BZPOPMIN z 1',
      "ERR unknown command 'BZPOPMIN': respite has strings, hashes, sets, sorted sets and sessions, but no blocking commands",
    ],
  ])('%s is an error that changes nothing', async (request, error) => {
    const { ask } = await start();
    await ask('ZADD z 1 a');
    expect(await ask(request)).toBe(error);
    expect(await ask('ZRANGE z 0 -1 WITHSCORES')).toBe('a 1');
  });

  it('writes scores as Redis does', async () => {
    const { ask, client } = await start();
    const scores = [
      '0.1',
      '-0',
      '1e17',
      '123456789012345678',
      '1e-7',
      '1e300',
      '-inf',
      '3.0',
      '0x10',
      '.5',
      '1e-5',
      '-1.5e-10',
      `${BigInt(Number.MAX_VALUE)}.${'0'.repeat(50)}`,
    ];
    const text = [
      '0.10000000000000001',
      '0',
      '1e+17',
      '1.2345678901234568e+17',
      '9.9999999999999995e-08',
      '1.0000000000000001e+300',
      '-inf',
      '3',
      '16',
      '0.5',
      '1.0000000000000001e-05',
      '-1.5e-10',
      '1.7976931348623157e+308',
    ];
    await ask(`ZADD z ${scores.map((score, i) => `${score} m${i}`).join(' ')}`);
    expect((await ask(`ZMSCORE z ${scores.map((_, i) => `m${i}`).join(' ')}`)).split(' ')).toEqual(text);
    expect(await ask('ZSCAN z 0 MATCH m3')).toBe('0 m3 123456789012345680');
    await client.send(frame('HELLO', '3'));
    await client.reply();
    await client.expect(frame('ZSCORE', 'z', 'm0'), ',0.10000000000000001\r\n');
    await client.expect(frame('ZSCORE', 'z', 'none'), '_\r\n');
    await client.expect(frame('ZRANGE', 'z', '0', '0', 'WITHSCORES'), '*1\r\n*2\r\n$2\r\nm6\r\n,-inf\r\n');
    await client.expect(frame('ZRANK', 'z', 'm6', 'WITHSCORE'), '*2\r\n:0\r\n,-inf\r\n');
    await client.expect(frame('ZRANK', 'z', 'none', 'WITHSCORE'), '_\r\n');
    await client.expect(frame('ZINCRBY', 'z', '1', 'm7'), ',4\r\n');
    await client.expect(frame('ZPOPMAX', 'z'), '*2\r\n$3\r\nm12\r\n,1.7976931348623157e+308\r\n');
    await client.expect(frame('ZPOPMIN', 'z', '1'), '*1\r\n*2\r\n$2\r\nm6\r\n,-inf\r\n');
    await client.expect(frame('ZRANDMEMBER', 'z', '0', 'WITHSCORES'), '*0\r\n');
    await client.expect(frame('ZMPOP', '1', 'none', 'MIN'), '_\r\n');
  });

  // The members of 6000 span several levels of the tree; those of 30 are packed.
  it.each([30, 6000])('of %i members answers as a sorted array does', async (count) => {
    const { ask } = await start();
    const members = Array.from({ length: count }, (_, i) => ({
      member: `m${(i * 7919) % count}`,
      score: (i * 31) % 50,
    }));
    for (let at = 0; at < count; at += 5000) {
      await ask(
        `ZADD z ${members
          .slice(at, at + 5000)
          .map(({ member, score }) => `${score} ${member}`)
          .join(' ')}`,
      );
    }
    // Some move, some go.
    for (const one of members.slice(0, 20)) one.score = -one.score;
    await ask(
      `ZADD z ${members
        .slice(0, 20)
        .map(({ member, score }) => `${score} ${member}`)
        .join(' ')}`,
    );
    const removed = members.splice(20, 5);
    expect(await ask(`ZREM z ${removed.map(({ member }) => member).join(' ')}`)).toBe('5');
    const order = () => members.toSorted((a, b) => a.score - b.score || (a.member < b.member ? -1 : 1));
    const names = (list: readonly { member: string }[]) => list.map(({ member }) => member).join(' ');
    let now = order();
    const most = now.length;
    expect(await ask('OBJECT ENCODING z')).toBe(count > 64 ? 'skiplist' : 'listpack');
    expect(await ask('ZCARD z')).toBe(String(most));
    expect(await ask('ZRANGE z 0 -1')).toBe(names(now));
    expect(await ask('ZREVRANGE z 3 12')).toBe(names(now.toReversed().slice(3, 13)));
    expect(await ask('ZRANGE z -5 -2')).toBe(names(now.slice(-5, -1)));
    expect(await ask('ZRANGE z 0 2 LIMIT 1 -1')).toBe(names(now.slice(0, 3)));
    for (const rank of [0, 7, most >> 1, most - 1]) {
      expect(await ask(`ZRANK z ${now[rank].member}`)).toBe(String(rank));
      expect(await ask(`ZREVRANK z ${now[rank].member}`)).toBe(String(most - 1 - rank));
      expect(await ask(`ZSCORE z ${now[rank].member}`)).toBe(String(now[rank].score + 0));
    }
    const between = (min: number, max: number) => now.filter(({ score }) => score > min && score <= max);
    expect(await ask('ZCOUNT z (3 9')).toBe(String(between(3, 9).length));
    expect(await ask('ZRANGEBYSCORE z (3 9')).toBe(names(between(3, 9)));
    expect(await ask('ZRANGE z 9 (3 BYSCORE REV LIMIT 1 4')).toBe(names(between(3, 9).toReversed().slice(1, 5)));
    expect(await ask('ZREVRANGEBYSCORE z +inf -inf LIMIT 2 3')).toBe(names(now.toReversed().slice(2, 5)));
    expect(await ask('ZRANGESTORE copy z (3 9 BYSCORE')).toBe(String(between(3, 9).length));
    expect(await ask('ZRANGE copy 0 -1')).toBe(names(between(3, 9)));

    const gone = new Set(between(10, 12));
    expect(await ask('ZREMRANGEBYSCORE z (10 12')).toBe(String(gone.size));
    now = now.filter((one) => !gone.has(one));
    expect(await ask('ZREMRANGEBYRANK z 1 3')).toBe('3');
    now.splice(1, 3);
    const low = now.splice(0, 2);
    expect(await ask('ZPOPMIN z 2')).toBe(low.map(({ member, score }) => `${member} ${score + 0}`).join(' '));
    const high = now.pop();
    expect(await ask('ZPOPMAX z')).toBe(`${high?.member} ${high?.score}`);
    expect(await ask('ZRANGE z 0 -1')).toBe(names(now));
    expect(await ask('ZREMRANGEBYRANK z 0 -1')).toBe(String(now.length));
    expect(await ask('EXISTS z')).toBe('0');
  });

  it.each([10, 500])('of %i members with one score has ranges of bytes', async (count) => {
    const { ask } = await start();
    const members = Array.from({ length: count }, (_, i) => `k${i}`).sort();
    await ask(`ZADD z ${members.map((member) => `5 ${member}`).join(' ')}`);
    const within = members.filter((member) => member > 'k2' && member <= 'k7');
    expect(await ask('ZRANGEBYLEX z (k2 [k7')).toBe(within.join(' '));
    expect(await ask('ZREVRANGEBYLEX z [k7 (k2 LIMIT 1 2')).toBe(within.toReversed().slice(1, 3).join(' '));
    expect(await ask('ZLEXCOUNT z - +')).toBe(String(count));
    expect(await ask('ZLEXCOUNT z + -')).toBe('0');
    expect(await ask('ZREMRANGEBYLEX z (k2 [k7')).toBe(String(within.length));
    expect(await ask('ZRANGE z - + BYLEX')).toBe(members.filter((member) => !within.includes(member)).join(' '));
  });

  // The members of 6 are packed, those of 300 are in a tree.
  it.each([6, 300])('of %i members is combined with others, and with sets', async (count) => {
    const { ask } = await start();
    await ask(`ZADD z ${Array.from({ length: count }, (_, i) => `${i} m${i}`).join(' ')}`);
    await ask('ZADD y 10 m1 -1 m3 0 x');
    await ask('SADD s m1 m3 m5 other');
    expect(await ask('ZINTER 2 z y WITHSCORES')).toBe('m3 2 m1 11');
    expect(await ask('ZINTER 3 z y s WEIGHTS 1 2 100 WITHSCORES')).toBe('m3 101 m1 121');
    expect(await ask('ZINTER 2 z y AGGREGATE MIN WITHSCORES')).toBe('m3 -1 m1 1');
    expect(await ask('ZUNION 2 y s AGGREGATE MAX WITHSCORES')).toBe('x 0 m3 1 m5 1 other 1 m1 10');
    expect(await ask('ZDIFF 3 y s missing WITHSCORES')).toBe('x 0');
    expect(await ask('ZINTER 2 z missing')).toBe('');
    expect(await ask('ZINTERCARD 2 z s')).toBe('3');
    expect(await ask('ZINTERCARD 2 z s LIMIT 2')).toBe('2');
    expect(await ask('ZUNIONSTORE z 2 z z')).toBe(String(count));
    expect(await ask(`ZSCORE z m${count - 1}`)).toBe(String(2 * (count - 1)));
    expect(await ask('ZRANK z m2')).toBe('2');
    expect(await ask('ZDIFFSTORE s 2 y y')).toBe('0');
    expect(await ask('EXISTS s')).toBe('0');
    // Infinity minus infinity, and infinity times 0.
    await ask('ZADD i inf a -inf b');
    await ask('ZADD j -inf a 5 b');
    expect(await ask('ZUNION 2 i j WITHSCORES')).toBe('b -inf a 0');
    expect(await ask('ZUNION 1 i WEIGHTS 0 WITHSCORES')).toBe('a 0 b 0');
    expect(await ask('ZINTER 1 y WEIGHTS -1 WITHSCORES')).toBe('m1 -10 x -0 m3 1');
    await ask('SET text v');
    expect(await ask('ZUNION 2 z text')).toMatch(/^WRONGTYPE /);
  });

  it('is popped from the first of several keys that exists', async () => {
    const { ask, client } = await start();
    await ask('ZADD z 1 a 2 b 3 c');
    expect(await ask('ZMPOP 2 none z MAX COUNT 2')).toBe('z c 3 b 2');
    expect(await ask('ZMPOP 1 z MIN')).toBe('z a 1');
    expect(await ask('EXISTS z')).toBe('0');
    await client.expect(frame('ZMPOP', '1', 'z', 'MIN'), '*-1\r\n');
    await ask('SELECT 1');
    await ask('ZADD z 1 a');
    await client.expect(frame('ZMPOP', '1', 'z', 'MIN'), '*2\r\n$1\r\nz\r\n*1\r\n*2\r\n$1\r\na\r\n$1\r\n1\r\n');
  });

  it('is copied and renamed with its order', async () => {
    const { ask } = await start();
    await ask(`ZADD z ${Array.from({ length: 300 }, (_, i) => `${i} m${i}`).join(' ')}`);
    await ask('COPY z y');
    await ask('RENAME z x');
    await ask('ZADD y 1000 m0');
    expect(await ask('ZREVRANGE y 0 1')).toBe('m0 m299');
    expect(await ask('ZRANGE x 0 0')).toBe('m0');
    await ask('ZREM x m1');
    expect(await ask('ZRANK x m2')).toBe('1');
    expect(await ask('ZRANK y m2')).toBe('1');
  });

  it('counts as memory with its order, and all of it is freed', async () => {
    const { ask, clock, server } = await start();
    const engine = server.engine;
    const before = engine.memory;
    await ask(`ZADD z ${Array.from({ length: 5000 }, (_, i) => `${i} m${i}`).join(' ')}`);
    const usage = Number(await ask('MEMORY USAGE z'));
    expect(usage).toBeGreaterThan(5000 * 40);
    expect(usage).toBeLessThan(5000 * 120);
    expect(engine.memory - before).toBeGreaterThan(usage * 0.9);
    await ask('DEL z');
    for (let seconds = 0; seconds < 1000 && engine.memory > before; seconds++) clock.advance(1000);
    expect(engine.memory).toBeLessThanOrEqual(before);
  });

  it('gives each random member the score that it has', async () => {
    const { ask } = await start();
    for (const count of [5, 100]) {
      await ask('DEL z');
      await ask(`ZADD z ${Array.from({ length: count }, (_, i) => `${i} m${i}`).join(' ')}`);
      expect(await ask('ZRANDMEMBER z')).toMatch(/^m\d+$/);
      const drawn = (await ask('ZRANDMEMBER z -50 WITHSCORES')).split(' ');
      expect(drawn).toHaveLength(100);
      for (let i = 0; i < drawn.length; i += 2) expect(drawn[i]).toBe(`m${drawn[i + 1]}`);
    }
  });
});
