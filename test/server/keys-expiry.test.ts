import { afterEach, describe, expect, it } from 'vitest';
import { connectTo, stopServers } from '../embedded-server.js';
import { passTime } from '../pass-time.js';
import { start } from './start.js';
import { subscribe } from './subscribe.js';

afterEach(stopServers);

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
    [['MSETEX 2 k v l w PX 50'], 50],
    [['MSETEX 1 k v EX 50', 'MSETEX 1 k v XX PX 30', 'MSETEX 1 k v KEEPTTL', 'MSETEX 2 k v m w NX EX 9'], 30],
  ])('%j: to the millisecond', async (requests, ms) => {
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
        ['SESSION.OPEN k', 'NOSESSION no such session: no session has this name'],
        ['SCAN 0 MATCH k', '0 '],
        ['RENAME k x', 'ERR no such key'],
      ],
    ]) {
      expect(await ask(request), request).toBe(reply);
    }
  });

  it('using a key does not extend it, and a key without a duration lives until it is deleted', async () => {
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

  it('a time may be as large as 64 bits allow, and counts as at most 142,000 years away', async () => {
    const { ask } = await start();
    const far = String(2 ** 52);
    await ask('SET k v');
    for (const request of [
      'PEXPIREAT k 9223372036854775807',
      'EXPIREAT k 9223372036854775',
      'PEXPIRE k 9007199254740993',
    ]) {
      expect(await ask(request)).toBe('1');
      expect(await ask('PTTL k')).toBe(far);
    }
    expect(await ask('SET k v PXAT 9223372036854775807')).toBe('OK');
    expect(await ask('PTTL k')).toBe(far);
    for (const [command, time] of [
      ['EXPIRE', '9223372036854775'],
      ['EXPIRE', '-9223372036854776'],
      ['EXPIREAT', '-9223372036854776'],
      ['EXPIREAT', '9223372036854776'],
      ['PEXPIRE', '9223372036854775807'],
    ]) {
      expect(await ask(`${command} k ${time}`)).toBe(`ERR invalid expire time in '${command.toLowerCase()}' command`);
    }
    expect(await ask('PEXPIRE k -9223372036854775808')).toBe('1');
    expect(await ask('EXISTS k')).toBe('0');
  });

  it.each([
    ['MSETEX 0 a 1', 'ERR invalid numkeys value or out of range'],
    ['MSETEX x a 1', 'ERR invalid numkeys value or out of range'],
    ['MSETEX 2147483648 a 1', 'ERR invalid numkeys value or out of range'],
    ['MSETEX 2 a 1', 'ERR syntax error'],
    ['MSETEX 1 a 1 XX NX', 'ERR syntax error'],
    ['MSETEX 1 a 1 EX 10 PX 10', 'ERR syntax error'],
    ['MSETEX 1 a 1 GET', 'ERR syntax error'],
    ['MSETEX 1 a 1 EX 0', "ERR invalid expire time in 'msetex' command"],
    ['MSETEX 2 a 1 b 2 XX', '0'],
    ['MSETEX 2 a 1 b 2 EXAT 1', '1'],
  ])('%s leaves no key', async (request, reply) => {
    const { ask } = await start();
    expect(await ask(request)).toBe(reply);
    expect(await ask('DBSIZE')).toBe('0');
  });

  it('setting the wall clock neither shortens nor extends their lives', async () => {
    const { clock, ask } = await start();
    await ask(`SET k v PXAT ${Date.UTC(2030, 0, 1) + 1000}`);
    clock.setWall(Date.UTC(2031, 0, 1));
    expect(await ask('PTTL k')).toBe('1000');
    expect(await ask('PEXPIRETIME k')).toBe(String(Date.UTC(2031, 0, 1) + 1000));
    pass(clock, 1000);
    expect(await ask('EXISTS k')).toBe('0');
  });

  it('with EXTEND GET, GET, HGET and similar commands extend a shared session; with EXTEND SET, commands that write', async () => {
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
    const { clock, server, client, ask } = await start();
    const heard = await subscribe(await connectTo(server), client, '__session*');
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
    expect((await heard())[1]).toBe(`__session__:maxage:k ${token}`);
  });

  it('a session that stays after its expiry is no longer a key and may become anything; its first write starts its duration', async () => {
    const { clock, server, client, ask } = await start();
    const heard = await subscribe(await connectTo(server), client, '__session*');
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
    const events = await heard();
    expect(events.filter((event) => event.startsWith('__session__'))).toEqual([
      ...[`__session__:new:k ${token}`, `__session__:cleared:k ${token}`, `__session__:cleared:k ${token}`],
    ]);
  });
});
