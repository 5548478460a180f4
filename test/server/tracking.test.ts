import { createClient } from 'redis';
import { afterEach, describe, expect, it } from 'vitest';
import { connectTo, startServer, stopServers } from '../embedded-server.js';
import { temporaryDirectory } from '../journal/temporary-directory.js';
import { frame, type RawClient } from '../raw-client.js';
import { eventually } from '../tools/eventually.js';
import { ask, infoNumber } from './ask.js';
import { start } from './start.js';

afterEach(stopServers);

const invalidate = (...keys: string[]) =>
  `>2\r\n$10\r\ninvalidate\r\n*${keys.length}\r\n${keys.map((key) => `$${key.length}\r\n${key}\r\n`).join('')}`;
const INVALIDATE_ALL = '>2\r\n$10\r\ninvalidate\r\n_\r\n';

/** A server with a client that tracks, and one that writes. */
async function tracking(options = '', config = {}) {
  const { server, clock, client: writer } = await start(config);
  const reader = await connectTo(server);
  await resp3(reader);
  await reader.expect(`CLIENT TRACKING ON ${options}\r\n`, '+OK\r\n');
  const write = (...words: string[]) => ask(writer, words.join(' '));
  return { server, clock, writer, reader, write };
}

async function resp3(client: RawClient): Promise<void> {
  await client.send('HELLO 3\r\n');
  await client.reply();
}

/** Checks that nothing else has been sent. */
const expectNothing = (client: RawClient) => client.expect('PING\r\n', '+PONG\r\n');

describe('CLIENT TRACKING', () => {
  it('tells a client once that a key has changed which it has read', async () => {
    const { reader, write } = await tracking();
    await write('SET k v');
    await write('SET other v');
    await expectNothing(reader);
    await reader.expect('GET k\r\n', '$1\r\nv\r\n');
    await write('SET other w');
    await write('SET k w');
    await reader.expect('', invalidate('k'));
    await write('SET k x');
    await expectNothing(reader);
  });

  it.each([
    ['SET k v', 'GET k', 'SET k v'],
    ['SET k v', 'GET k', 'SET k v EX 10'],
    ['SET k v', 'STRLEN k', 'APPEND k v'],
    ['SET k v', 'GETRANGE k 0 1', 'SETRANGE k 1 x'],
    ['SET k 1', 'MGET a k b', 'INCR k'],
    ['SET k v', 'EXISTS k', 'DEL k'],
    ['SET k v', 'TYPE k', 'UNLINK k a b'],
    ['SET k v', 'TTL k', 'EXPIRE k 100'],
    ['SET k v EX 10', 'PTTL k', 'PERSIST k'],
    ['SET k v', 'GET k', 'GETDEL k'],
    ['SET k v', 'GET k', 'RENAME k l'],
    ['SET l v', 'GET k', 'RENAME l k'],
    ['SET l v', 'GET k', 'COPY l k'],
    ['SET l v', 'GET k', 'SET k v'],
    ['HSET k f v', 'HGETALL k', 'HSET k f w'],
    ['HSET k f v', 'HGET k f', 'HDEL k f'],
    ['HSET k f v', 'SESSION.GETALL @k', 'SESSION.SET @k f w'],
    ['HSET k f v', 'SESSION.GET @k f', 'SESSION.DEL @k f'],
    ['HSET k f v', 'HGET k f', 'SESSION.CLEAR @k'],
    ['HSET k f v', 'HGET k f', 'SESSION.END @k'],
    ['HSET k f v', 'HGET k f', 'SESSION.ENDNAME k'],
    ['SET a v', 'GET k', 'SESSION.NEW k SHARED DATA f v'],
    ['SET k v', 'EVAL return(redis.call("GET",KEYS[1])) 1 k', 'SET k w'],
    ['SET k v', 'GET k', 'EVAL return(redis.call("SET",KEYS[1],"w")) 1 k'],
    ['SADD k a', 'SMEMBERS k', 'SADD k b'],
    ['SADD k a b', 'SCARD k', 'SREM k a'],
    ['SADD k a', 'SISMEMBER k a', 'SPOP k'],
    ['SADD k a b', 'SSCAN k 0', 'SMOVE k l a'],
    ['SADD l a', 'SMEMBERS k', 'SMOVE l k a'],
    ['SADD l a', 'SUNION l k', 'SDIFFSTORE k l m'],
    ['SADD k a', 'SINTERCARD 2 l k', 'SINTERSTORE k l m'],
    ['ZADD k 1 a', 'ZRANGE k 0 -1', 'ZADD k 2 a'],
    ['ZADD k 1 a', 'ZSCORE k a', 'ZINCRBY k 1 a'],
    ['ZADD k 1 a 2 b', 'ZRANK k b', 'ZPOPMIN k'],
    ['ZADD k 1 a', 'ZCARD k', 'ZREMRANGEBYSCORE k 1 1'],
    ['ZADD l 1 a', 'ZCOUNT k 0 1', 'ZRANGESTORE k l 0 -1'],
    ['HSET k f 1', 'HMGET k f', 'HINCRBY k f 1'],
    ['SET k v', 'GET k', 'MOVE k 1'],
    ['SET k v', 'GET l', 'COPY k l DB 1'],
    ['SET k v', 'GET k', 'GETEX k EX 10'],
    ['SET k v', 'GET k', 'SET k v IFEQ v'],
    ['SET k v', 'GET k', 'DELEX k IFEQ v'],
  ])('after %j and %j, %j invalidates the key', async (before, read, change) => {
    const { reader, write } = await tracking();
    await write(before);
    await ask(reader, read);
    await write(change);
    await reader.expect('', invalidate(read.includes('GET l') ? 'l' : 'k'));
    await expectNothing(reader);
  });

  it.each([
    ['SET k v', 'GET k', 'SET k w NX'],
    ['SADD k a', 'SMEMBERS k', 'SADD k a'],
    ['ZADD k 1 a', 'ZRANGE k 0 -1', 'ZADD k 1 a'],
    ['SET k v', 'GET k', 'SWAPDB 0 1'],
    ['SET k v', 'GET k', 'EXPIRE l 10'],
    ['SET k v', 'GET k', 'DEL l'],
  ])('after %j and %j, %j invalidates nothing', async (before, read, change) => {
    const { reader, write } = await tracking();
    await write(before);
    await ask(reader, read);
    await write(change);
    await expectNothing(reader);
  });

  it('ignores the database, as Redis does', async () => {
    const { reader, write, writer } = await tracking();
    await reader.expect('SELECT 3\r\nGET k\r\n', '+OK\r\n_\r\n');
    await write('SET k v');
    await reader.expect('', invalidate('k'));
    await reader.expect('GET k\r\n', '_\r\n');
    await writer.expect('SELECT 5\r\nSET k v\r\n', '+OK\r\n+OK\r\n');
    await reader.expect('', invalidate('k'));
    await reader.expect('GET k\r\n', '_\r\n');
    await write('FLUSHDB');
    await reader.expect('', invalidate('k'));
  });

  it('tracks what a transaction reads, and tells of its own changes after EXEC', async () => {
    const { reader, write } = await tracking();
    await reader.expect(
      'MULTI\r\nGET a\r\nSET a v\r\nGET b\r\nEXEC\r\n',
      `+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n*3\r\n_\r\n+OK\r\n_\r\n${invalidate('a')}`,
    );
    await write('MSET a w b v');
    await reader.expect('', invalidate('b'));
  });

  it('an evicted key invalidates, even if a client with NOLOOP needs the room', async () => {
    const { server, clock, reader, write } = await tracking('NOLOOP', { 'maxmemory-policy': 'allsessions-lru' });
    await write('SET k v');
    clock.advance(1000);
    await reader.expect('GET k\r\n', '$1\r\nv\r\n');
    await write(`CONFIG SET maxmemory ${server.engine.memory + 500}`);
    const value = 'v'.repeat(1000);
    await reader.send(`MULTI\r\nSET large ${value}\r\nEXEC\r\nPING end\r\n`);
    expect(await reader.takeUntil('end\r\n')).toContain(invalidate('k'));
  });

  it('a key that SESSION.LOAD brings back invalidates', async () => {
    const { reader, write } = await tracking('', { dir: temporaryDirectory() });
    await write('SET k v');
    await write('SESSION.SAVE saved');
    await write('DEL k');
    await reader.expect('GET k\r\n', '_\r\n');
    await write('SESSION.LOAD saved');
    await reader.expect('', invalidate('k'));
  });

  it('a message follows the reply to the command that is running, however long that takes', async () => {
    const { clock, reader, write } = await tracking('', {
      appendonly: true,
      appendfsync: 'no',
      dir: temporaryDirectory(),
    });
    await ask(reader, 'GET k');
    await reader.send('SET l v\r\nWAITAOF 1 0 1000\r\n');
    await reader.takeUntil('+OK\r\n');
    await write('SET k v');
    clock.advance(1000);
    await reader.expect('', `*2\r\n:0\r\n:0\r\n${invalidate('k')}`);
  });

  it('a script that pauses changes nothing about who changes keys', async () => {
    const { clock, reader, write } = await tracking('NOLOOP', { 'busy-reply-threshold': 50 });
    await write('SET k v PX 100000');
    await ask(reader, 'GET k');
    clock.msPerLook = 1;
    const script =
      'redis.call("SET","l","v") for i=1,3e7 do end redis.call("SET","m","v") return redis.call("GET","m")';
    await reader.send(frame('EVAL', script, '0'));
    await reader.expect('', '$1\r\nv\r\n');
    clock.msPerLook = 0;
    clock.advance(100000);
    await reader.expect('', invalidate('k'));
    await write('SET m w');
    await reader.expect('', invalidate('m'));
  });

  it('a key that expires invalidates on time, and so does one whose session only loses its data', async () => {
    const { clock, reader, write } = await tracking();
    await write('SET k v PX 1500');
    await write('SESSION.NEW s 2 no SHARED DATA f v');
    await ask(reader, 'GET k');
    await ask(reader, 'HGET s f');
    clock.advance(1499);
    await expectNothing(reader);
    clock.advance(1);
    await reader.expect('', invalidate('k'));
    clock.advance(500);
    await reader.expect('', invalidate('s'));
  });

  it('extending a session does not invalidate what was read, and reading by token is not tracked', async () => {
    const { reader, write, writer } = await tracking();
    await write('SESSION.NEW s 100 SHARED EXTEND BOTH DATA f v');
    const token = await writer.bulk('SESSION.NEW', 'private', 'DATA', 'f', 'v');
    await ask(reader, 'SESSION.GET @s f');
    await ask(reader, `SESSION.GET ${token} f`);
    await write('SESSION.GET @s f');
    await write('SESSION.TOUCH @s');
    await write(`SESSION.SET ${token} f w`);
    await write(`SESSION.END ${token}`);
    await expectNothing(reader);
    expect(await infoNumber(writer, 'tracking_total_keys')).toBe(1);
  });

  it('FLUSHALL sends null to every client that tracks', async () => {
    const { server, reader, write } = await tracking();
    const other = await connectTo(server);
    await resp3(other);
    await other.expect('CLIENT TRACKING ON BCAST PREFIX x\r\n', '+OK\r\n');
    await write('SET k v');
    await ask(reader, 'GET k');
    await write('FLUSHALL');
    await reader.expect('', INVALIDATE_ALL);
    await other.expect('', INVALIDATE_ALL);
    await write('SET k v');
    await expectNothing(reader);
  });

  it('a client hears of its own change after the reply, unless with NOLOOP', async () => {
    const { clock, server, reader, write } = await tracking();
    await reader.expect('GET k\r\nSET k v\r\n', `_\r\n+OK\r\n${invalidate('k')}`);
    const quiet = await connectTo(server);
    await resp3(quiet);
    await quiet.expect(
      'CLIENT TRACKING ON NOLOOP\r\nGET k\r\nSET k w\r\nGET k\r\n',
      '+OK\r\n$1\r\nv\r\n+OK\r\n$1\r\nw\r\n',
    );
    await write('SET k x PX 10');
    await quiet.expect('', invalidate('k'));
    await quiet.expect('GET k\r\n', '$1\r\nx\r\n');
    // Nobody changes a key that expires, even if this client notices first.
    clock.freeze(20);
    await quiet.send('GET k\r\nPING end\r\n');
    expect(await quiet.takeUntil('end\r\n')).toContain(invalidate('k'));
  });

  it('OPTIN tracks only after CACHING YES, for one command or transaction', async () => {
    const { reader, write } = await tracking('OPTIN');
    await reader.expect('GET a\r\nCLIENT CACHING YES\r\nGET b\r\nGET c\r\n', '_\r\n+OK\r\n_\r\n_\r\n');
    await reader.expect(
      'CLIENT CACHING YES\r\nMULTI\r\nGET d\r\nGET e\r\nEXEC\r\nGET f\r\n',
      '+OK\r\n+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n_\r\n_\r\n_\r\n',
    );
    for (const key of 'abcdef') await write(`SET ${key} v`);
    await reader.expect('', ['b', 'd', 'e'].map((key) => invalidate(key)).join(''));
    await expectNothing(reader);
    await reader.expect('CLIENT CACHING YES\r\n', '+OK\r\n');
    const script = 'redis.call("GET","g") redis.call("GET","h")';
    await reader.expect(`${frame('EVAL', script, '0')}GET i\r\n`, '_\r\n_\r\n');
    for (const key of 'ghi') await write(`SET ${key} v`);
    await reader.expect('', invalidate('g') + invalidate('h'));
    await expectNothing(reader);
  });

  it('OPTOUT tracks except after CACHING NO', async () => {
    const { reader, write } = await tracking('OPTOUT');
    await reader.expect('GET a\r\nCLIENT CACHING NO\r\nGET b\r\nGET c\r\n', '_\r\n+OK\r\n_\r\n_\r\n');
    for (const key of 'abc') await write(`SET ${key} v`);
    await reader.expect('', invalidate('a') + invalidate('c'));
    await expectNothing(reader);
  });

  it('BCAST notifies of all keys with the prefixes: for one command, in one message for each prefix', async () => {
    const { clock, reader, write, writer } = await tracking('BCAST PREFIX a: PREFIX b:');
    await write('MSET a:1 v b:1 v c:1 v a:2 v');
    await reader.expect('', invalidate('a:1', 'a:2') + invalidate('b:1'));
    await write(`EVAL ${'redis.call("SET","a:1",1)redis.call("SET","b:1",1)'} 0`);
    await reader.expect('', invalidate('a:1') + invalidate('b:1'));
    await writer.expect(
      'MULTI\r\nSET a:1 v\r\nSET b:1 v\r\nSET a:1 w\r\nEXEC\r\n',
      '+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n*3\r\n+OK\r\n+OK\r\n+OK\r\n',
    );
    await reader.expect('', invalidate('a:1') + invalidate('b:1'));
    await write('SET a:1 v PX 10');
    await reader.expect('', invalidate('a:1'));
    clock.advance(10);
    await reader.expect('', invalidate('a:1'));
    await expectNothing(reader);
  });

  it('BCAST without a prefix tells of everything, with NOLOOP except of own changes', async () => {
    const { reader, write } = await tracking('BCAST NOLOOP');
    await reader.expect('SET k v\r\n', '+OK\r\n');
    await write('HSET h f v');
    await reader.expect('', invalidate('h'));
    await write('SESSION.NEW private DATA f v');
    await expectNothing(reader);
  });

  it('REDIRECT tells another connection, in RESP2 on the channel __redis__:invalidate', async () => {
    const { server, client: writer } = await start();
    const [reader, listener] = [await connectTo(server), await connectTo(server)];
    const id = await ask(listener, 'CLIENT ID');
    expect(await ask(reader, `CLIENT TRACKING ON REDIRECT ${id}`)).toBe('OK');
    expect(await ask(reader, 'CLIENT GETREDIR')).toBe(id);
    await ask(reader, 'GET k');
    // Nobody can be told yet.
    await ask(writer, 'SET k v');
    await listener.send('SUBSCRIBE __redis__:invalidate\r\n');
    await listener.takeUntil(':1\r\n');
    await ask(reader, 'GET k');
    await ask(writer, 'SET k v');
    const head = '*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n';
    await listener.expect('', `${head}*1\r\n$1\r\nk\r\n`);
    await ask(writer, 'FLUSHALL');
    await listener.expect('', `${head}$-1\r\n`);
    // As in Redis, any subscription will do.
    await listener.send('UNSUBSCRIBE\r\nPSUBSCRIBE __redis__:*\r\n');
    await listener.takeUntil(':1\r\n');
    await ask(reader, 'GET k');
    await ask(writer, 'SET k v');
    await listener.expect('', `${head}*1\r\n$1\r\nk\r\n`);
  });

  it('REDIRECT tells a RESP3 connection with pushes, whether or not it tracks', async () => {
    const { server, client: writer } = await start();
    const [reader, listener] = [await connectTo(server), await connectTo(server)];
    await resp3(listener);
    const id = await ask(listener, 'CLIENT ID');
    await ask(reader, `CLIENT TRACKING ON REDIRECT ${id}`);
    await ask(reader, 'GET k');
    await ask(writer, 'SET k v');
    await listener.expect('', invalidate('k'));
    await expectNothing(reader);
  });

  it('two clients hear of a key that both have read, and one that has stopped does not', async () => {
    const { server, reader, write, writer } = await tracking();
    const [other, third] = [await connectTo(server), await connectTo(server)];
    for (const client of [other, third]) {
      await resp3(client);
      await client.expect('CLIENT TRACKING ON\r\nGET k\r\n', '+OK\r\n_\r\n');
    }
    await reader.expect('GET k\r\nGET k\r\n', '_\r\n_\r\n');
    expect(await infoNumber(writer, 'tracking_total_items')).toBe(3);
    await third.expect('CLIENT TRACKING OFF\r\n', '+OK\r\n');
    await write('SET k v');
    for (const client of [reader, other]) await client.expect('', invalidate('k'));
    await expectNothing(third);
    expect(await infoNumber(writer, 'tracking_total_items')).toBe(0);
  });

  it('a client is told that the connection is gone to which it redirects', async () => {
    const { server, client: writer } = await start();
    const [reader, listener] = [await connectTo(server), await connectTo(server)];
    await resp3(reader);
    const id = await ask(listener, 'CLIENT ID');
    await ask(reader, `CLIENT TRACKING ON REDIRECT ${id}`);
    await ask(reader, 'GET k');
    await ask(writer, `CLIENT KILL ID ${id}`);
    await ask(writer, 'SET k v');
    await reader.expect('', `>2\r\n$21\r\ntracking-redir-broken\r\n:${id}\r\n`);
    expect(await ask(reader, 'CLIENT INFO')).toMatch(/ flags=tR .* redir=\d/);
    await reader.send('CLIENT TRACKINGINFO\r\nPING end\r\n');
    expect(await reader.takeUntil('end\r\n')).toContain('broken_redirect');
  });

  it('is over with TRACKING OFF, RESET or the connection', async () => {
    for (const end of ['CLIENT TRACKING OFF', 'RESET', 'QUIT']) {
      const { reader, write, writer } = await tracking();
      await ask(reader, 'GET k');
      expect(await infoNumber(writer, 'tracking_clients')).toBe(1);
      expect(await infoNumber(writer, 'tracking_total_items')).toBe(1);
      await reader.send(`${end}\r\n`);
      if (end === 'QUIT') await reader.takeAll();
      else await reader.reply();
      await eventually(async () => (await infoNumber(writer, 'tracking_clients')) === 0);
      await write('SET k v');
      if (end !== 'QUIT') await expectNothing(reader);
      expect(await infoNumber(writer, 'tracking_total_keys')).toBe(0);
    }
  });

  it('remembers at most tracking-table-max-keys keys, and tells of the oldest', async () => {
    const { reader, writer } = await tracking('', { 'tracking-table-max-keys': 3 });
    await reader.send('MGET a b c d e\r\nPING end\r\n');
    const sent = await reader.takeUntil('end\r\n');
    expect(sent.match(/invalidate/g)).toHaveLength(2);
    expect(await infoNumber(writer, 'tracking_total_keys')).toBe(3);
  });

  it('shows its state in CLIENT INFO and CLIENT TRACKINGINFO', async () => {
    const { reader } = await tracking('BCAST PREFIX a PREFIX b NOLOOP');
    expect(await ask(reader, 'CLIENT INFO')).toMatch(/ flags=tB .* redir=0 /);
    await reader.expect(
      'CLIENT TRACKINGINFO\r\n',
      '%3\r\n$5\r\nflags\r\n~3\r\n$2\r\non\r\n$5\r\nbcast\r\n$6\r\nnoloop\r\n$8\r\nredirect\r\n:0\r\n$8\r\nprefixes\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n',
    );
    await reader.expect('CLIENT TRACKING OFF\r\nCLIENT GETREDIR\r\n', '+OK\r\n:-1\r\n');
    expect(await ask(reader, 'CLIENT INFO')).toMatch(/ flags=N .* redir=-1 /);
  });

  it.each([
    [['ON REDIRECT 99999'], 'The client ID you want redirect to does not exist'],
    [['ON BCAST OPTIN'], 'OPTIN and OPTOUT are not compatible with BCAST'],
    [['ON OPTIN OPTOUT'], "You can't specify both OPTIN mode and OPTOUT mode"],
    [['ON PREFIX a'], 'PREFIX option requires BCAST mode to be enabled'],
    [['MAYBE'], 'syntax error'],
    [['ON NOPE'], 'syntax error'],
    [
      ['ON BCAST PREFIX a PREFIX ab'],
      "Prefix 'a' overlaps with another provided prefix 'ab'. Prefixes for a single client must not overlap.",
    ],
    [
      ['ON BCAST PREFIX a', 'ON BCAST PREFIX ab'],
      "Prefix 'ab' overlaps with an existing prefix 'a'. Prefixes for a single client must not overlap.",
    ],
    [
      ['ON', 'ON BCAST'],
      "You can't switch BCAST mode on/off before disabling tracking for this client, and then re-enabling it with a different mode.",
    ],
    [
      ['ON OPTIN', 'ON OPTOUT'],
      "You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then re-enabling it with a different mode.",
    ],
  ])('%j gets the error of Redis', async (options, error) => {
    const { ask } = await start();
    let reply = '';
    for (const each of options) reply = await ask(`CLIENT TRACKING ${each}`);
    expect(reply).toBe(`ERR ${error}`);
  });

  it('CACHING without OPTIN or OPTOUT gets the errors of Redis', async () => {
    const { ask } = await start();
    expect(await ask('CLIENT CACHING YES')).toMatch(
      /^ERR CLIENT CACHING can be called only when the client is in tracking/,
    );
    await ask('CLIENT TRACKING ON OPTIN');
    expect(await ask('CLIENT CACHING NO')).toMatch(/^ERR CLIENT CACHING NO is only valid when .* OPTOUT mode.$/);
    expect(await ask('CLIENT CACHING MAYBE')).toBe('ERR syntax error');
  });

  it('BCAST needs the permission to hear of keys', async () => {
    const server = await startServer({ users: 'shop read,write a; ears read,events b' });
    const [shop, ears] = [await connectTo(server), await connectTo(server)];
    await shop.expect(frame('AUTH', 'shop', 'a'), '+OK\r\n');
    await ears.expect(frame('AUTH', 'ears', 'b'), '+OK\r\n');
    await shop.expect(
      'CLIENT TRACKING ON BCAST\r\n',
      "-NOPERM User shop has no permissions to run the 'client|tracking' command\r\n",
    );
    await shop.expect('CLIENT TRACKING ON\r\n', '+OK\r\n');
    await ears.expect('CLIENT TRACKING ON BCAST\r\n', '+OK\r\n');
  });

  it('the cache of node-redis sees every change', async () => {
    const server = await startServer();
    const url = `redis://127.0.0.1:${server.addresses[0].port}`;
    const cached = createClient({ url, RESP: 3, clientSideCache: { ttl: 0, maxEntries: 100, evictPolicy: 'LRU' } });
    const writer = createClient({ url });
    await Promise.all([cached.connect(), writer.connect()]);
    try {
      await writer.set('k', 'v');
      for (let i = 0; i < 3; i++) expect(await cached.get('k')).toBe('v');
      const raw = await connectTo(server);
      // One GET reached the server, and two were answered from the cache.
      expect(await raw.bulk('INFO', 'commandstats')).toContain('cmdstat_get:calls=1,');
      await writer.set('k', 'w');
      await eventually(async () => (await cached.get('k')) === 'w');
    } finally {
      cached.destroy();
      writer.destroy();
    }
  });
});
