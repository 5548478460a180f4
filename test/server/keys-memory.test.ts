import { afterEach, describe, expect, it } from 'vitest';
import { connectTo, stopServers } from '../embedded-server.js';
import { askWith } from './ask.js';
import { start } from './start.js';

afterEach(stopServers);

describe('memory', () => {
  it('noeviction refuses commands that need memory; reads, expiries and removals continue', async () => {
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
      'HSETEX h EX 10 FIELDS 1 f w',
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
      'HEXPIRE h 10 FIELDS 1 f',
      'HGETEX h EX 10 FIELDS 1 f',
      'HPERSIST h FIELDS 1 f',
      'HDEL h f',
      'GETDEL c',
      'DEL b',
    ])
      expect(await ask(request), request).not.toMatch(/^(?:OOM|ERR|nil|0)/);
    expect(await ask('DBSIZE')).toBe('0');
  });

  it("accepts Redis' name for allsessions-lru", async () => {
    const { ask } = await start({ 'maxmemory-policy': 'volatile-ttl' });
    expect(await ask('CONFIG SET maxmemory-policy allkeys-lru')).toBe('OK');
    expect(await ask('CONFIG GET maxmemory-policy')).toBe('maxmemory-policy allsessions-lru');
  });

  it('volatile-ttl ends keys with a duration, never one without', async () => {
    const { ask } = await start({ 'maxmemory-policy': 'volatile-ttl' });
    await ask('SET soon v EX 10');
    await ask('SET later v EX 20');
    await ask('SET never v');
    await ask('CONFIG SET maxmemory 1');
    expect(await ask('KEYS *')).toBe('never');
  });

  it('allsessions-lru ends the least recently used key first; a NO-TOUCH client does not count as use', async () => {
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

  it('OBJECT IDLETIME counts from the last use, and looking is not a use', async () => {
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
    // TOUCH counts nevertheless, as in Redis.
    await askWith(other, 'TOUCH', 'k');
    expect(await ask('OBJECT IDLETIME k')).toBe('0');
    expect(await ask('OBJECT IDLETIME none')).toBe('nil');
  });
});
