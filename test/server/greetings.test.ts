import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { connectTo, startServer, stopServers } from '../embedded-server.js';
import { temporaryDirectory } from '../journal/temporary-directory.js';
import { frame, RawClient } from '../raw-client.js';
import { eventually } from '../tools/eventually.js';
import { RedisServer } from '../tools/redis-server.js';
import { type Status, show } from '../tools/replies.js';
import { askWith, infoNumber } from './ask.js';
import { start } from './start.js';

afterEach(stopServers);

const shown = async (client: RawClient, ...request: string[]) => {
  await client.send(frame(...request));
  return show(await client.reply());
};

const NO_CLUSTER = 'ERR This instance has cluster support disabled';

describe('what clients ask on connecting', () => {
  it.each([
    ['ROLE', 'master 0 '],
    ['CLUSTER INFO', NO_CLUSTER],
    ['CLUSTER SLOTS', NO_CLUSTER],
    ['CLUSTER SHARDS', NO_CLUSTER],
    ['CLUSTER NODES', NO_CLUSTER],
    ['CLUSTER MYID', NO_CLUSTER],
    ['CLUSTER KEYSLOT a', NO_CLUSTER],
    ['CLUSTER COUNTKEYSINSLOT 3', NO_CLUSTER],
    ['CLUSTER GETKEYSINSLOT 3', "ERR wrong number of arguments for 'cluster|getkeysinslot' command"],
    ['CLUSTER MEET localhost 7000', NO_CLUSTER],
    ['CLUSTER RESET', NO_CLUSTER],
    ['CLUSTER ADDSLOTS 1 2 3', NO_CLUSTER],
    ['CLUSTER SETSLOT 1 STABLE', NO_CLUSTER],
    ['CLUSTER NOPE', "ERR unknown subcommand 'NOPE'. Try CLUSTER HELP."],
    ['ASKING', NO_CLUSTER],
    ['READONLY', NO_CLUSTER],
    ['READWRITE', NO_CLUSTER],
    ['SENTINEL MASTERS', "ERR unknown command 'SENTINEL': this is not a Sentinel. Connect to the server without one"],
    ['MODULE LIST', ''],
    ['MEMORY PURGE', 'OK'],
    ['MEMORY MALLOC-STATS', 'Stats not supported for the current allocator'],
    ['FUNCTION FLUSH', 'OK'],
    ['FUNCTION FLUSH SYNC', 'OK'],
    ['FUNCTION FLUSH NOW', 'ERR FUNCTION FLUSH only supports SYNC|ASYNC option'],
    ['FUNCTION FLUSH SYNC x', "ERR unknown subcommand or wrong number of arguments for 'FLUSH'. Try FUNCTION HELP."],
    ['FUNCTION LIST WITHCODE', ''],
    ['FUNCTION LIST WITHCODE WITHCODE', 'ERR Unknown argument WITHCODE'],
    ['FUNCTION LIST LIBRARYNAME', 'ERR library name argument was not given'],
    ['FUNCTION STATS', 'running_script nil engines LUA libraries_count 0 functions_count 0'],
    ['FUNCTION KILL', 'NOTBUSY No scripts in execution right now.'],
    ['FUNCTION DELETE x', 'ERR Library not found'],
    ['FCALL f 0', 'ERR Function not found'],
    ['FCALL_RO f 0', 'ERR Function not found'],
    ['WAIT 1 0', '0'],
    ['WAIT 0 -1', 'ERR timeout is negative'],
    ['WAITAOF 0 0 0', '0 0'],
    ['WAITAOF 1 0 0', 'ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.'],
    ['REPLICAOF NO ONE', 'OK'],
    ['SLAVEOF no one', 'OK'],
    ['FAILOVER', 'ERR FAILOVER requires connected replicas.'],
    ['FAILOVER ABORT', 'ERR No failover in progress.'],
    ['FAILOVER ABORT x', 'ERR syntax error'],
    ['FAILOVER TO localhost 1 FORCE TIMEOUT 10', 'ERR FAILOVER requires connected replicas.'],
    ['FAILOVER TIMEOUT 0', 'ERR FAILOVER timeout must be greater than 0'],
    ['ACL GENPASS 5 6', "ERR unknown subcommand or wrong number of arguments for 'GENPASS'. Try ACL HELP."],
    ['ACL LOG x y', "ERR unknown subcommand or wrong number of arguments for 'LOG'. Try ACL HELP."],
    ['SLOWLOG GET x', 'ERR count should be greater than or equal to -1'],
  ])('%s is answered as by a standalone Redis', async (request, reply) => {
    const { ask } = await start();
    expect(await ask(request)).toBe(reply);
  });

  it.each([
    ['DEBUG SLEEP 0', /^ERR unknown command 'DEBUG': respite has no commands for debugging/],
    ['DUMP k', /^ERR unknown command 'DUMP': .* COPY copies a key/],
    ['RESTORE k 0 x', /^ERR unknown command 'RESTORE': .*dumps/],
    ['SORT k', /^ERR unknown command 'SORT': respite does not sort/],
    ['LCS a b', /^ERR unknown command 'LCS': respite does not compare strings/],
    ['PSYNC ? -1', /^ERR unknown command 'PSYNC': respite has no replicas/],
    ['REPLICAOF localhost 1', /^ERR REPLICAOF is not supported: respite has no replicas/],
    ['MODULE LOAD x', /^ERR MODULE LOAD is not supported/],
    ['FUNCTION LOAD x', /^ERR respite has no functions/],
  ])('%s is refused with a reason', async (request, error) => {
    const { ask } = await start();
    expect(await ask(request)).toMatch(error);
  });

  it('texts for people are not empty', async () => {
    const { ask } = await start();
    expect(await ask('LOLWUT VERSION 5')).toMatch(/Each session ends on time. respite ver. \S+, Redis ver. 7/);
    expect(await ask('MEMORY DOCTOR')).toMatch(/\.\n/);
  });

  it('FUNCTION DUMP returns what Redis restores', async () => {
    const client = await connectTo(await startServer());
    expect(Buffer.from(await client.bulk('FUNCTION', 'DUMP'), 'latin1')).toHaveLength(10);
  });

  it('WAITAOF waits until the journal is on the disk', async () => {
    const config = { appendonly: true, appendfsync: 'always' } as const;
    const client = await connectTo(await startServer({ ...config, dir: temporaryDirectory() }));
    await client.expect('SET k v\r\nWAITAOF 1 0 0\r\n', '+OK\r\n*2\r\n:1\r\n:0\r\n');
    await client.expect('WAITAOF 1 3 1\r\n', '*2\r\n:1\r\n:0\r\n');
  });

  it('WAITAOF gives up after its timeout', async () => {
    const config = { appendonly: true, appendfsync: 'no' } as const;
    const client = await connectTo(await startServer({ ...config, dir: temporaryDirectory() }));
    await client.expect('SET k v\r\nWAITAOF 1 0 1\r\n', '+OK\r\n*2\r\n:0\r\n:0\r\n');
  });

  it('COMMAND GETKEYSANDFLAGS names the keys and what happens to them', async () => {
    const client = await connectTo(await startServer());
    const ask = (...words: string[]) => shown(client, 'COMMAND', 'GETKEYSANDFLAGS', ...words);
    expect(await ask('GET', 'a')).toBe(await shown(client, 'COMMAND', 'GETKEYSANDFLAGS', 'get', 'a'));
    await client.expect(
      'COMMAND GETKEYSANDFLAGS MGET a b\r\n',
      '*2\r\n*2\r\n$1\r\na\r\n*2\r\n+RO\r\n+access\r\n*2\r\n$1\r\nb\r\n*2\r\n+RO\r\n+access\r\n',
    );
    await client.expect('COMMAND GETKEYSANDFLAGS EXPIRE a 3\r\n', '*1\r\n*2\r\n$1\r\na\r\n*2\r\n+RW\r\n+update\r\n');
    expect(await ask('PING')).toBe('-ERR The command has no key arguments');
    const flags = async (...words: string[]) => {
      await client.send(frame('COMMAND', 'GETKEYSANDFLAGS', ...words));
      return ((await client.reply()) as [key: string, flags: Status[]][]).map(([key, found]) =>
        [key, ...found.map(({ text }) => text)].join(' '),
      );
    };
    expect(await flags('COPY', 'a', 'b')).toEqual(['a RO access', 'b OW update']);
    expect(await flags('MSETNX', 'a', 'v', 'b', 'w')).toEqual(['a OW insert', 'b OW insert']);
    expect(await flags('SUNIONSTORE', 'a', 'b', 'c')).toEqual(['a OW update', 'b RO access', 'c RO access']);
    expect(await flags('EVAL', 'return 1', '2', 'a', 'b', 'c')).toEqual(['a RW access update', 'b RW access update']);
    expect(await flags('EVAL_RO', 'return 1', '1', 'a')).toEqual(['a RO access']);
    expect(await flags('SESSION.GET', '@a', 'k')).toEqual(['@a RO access']);
  });
});

describe.skipIf(!RedisServer.there)('COMMAND GETKEYSANDFLAGS', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await RedisServer.startRedis();
  });
  afterAll(() => redis.stop());

  it.each([
    'GET a',
    'DEL a b',
    'MGET a b c',
    'MSETNX a v b w',
    'SETEX a 1 v',
    'COPY a b REPLACE',
    'RENAMENX a b',
    'SMOVE a b c',
    'SUNIONSTORE a b c',
    'ZUNIONSTORE a 2 b c WEIGHTS 1 2',
    'ZRANGESTORE a b 0 1',
    'ZPOPMIN a',
    'EVAL return(1) 1 a b',
    'EVAL_RO return(1) 2 a b',
    'OBJECT ENCODING a',
    'ZADD a 1 b',
    'HDEL a b',
    'WATCH a b',
    'EVAL return(1) 0 a',
    'EVAL return(1) 3 a',
    'PING a',
    'NOPE a',
    'GET a b',
  ])('says of %j what Redis says', async (request) => {
    const ours = await connectTo(await startServer());
    const theirs = await RawClient.connect(redis.port);
    const words = ['GETKEYSANDFLAGS', ...request.split(' ')];
    expect(await shown(ours, 'COMMAND', ...words)).toBe(await shown(theirs, 'COMMAND', ...words));
    theirs.socket.destroy();
  });
});

it('MONITOR shows the commands that read or change all data, but not those of administrators', async () => {
  const { server, ask } = await start();
  const monitor = await connectTo(server);
  await monitor.expect('MONITOR\r\n', '+OK\r\n');
  for (const request of ['KEYS *', 'CONFIG GET timeout', 'SESSION.SCAN 0', 'FLUSHALL', 'PING end']) await ask(request);
  const lines = (await monitor.takeUntil('"end"')).match(/(?<=\] )".*"/g);
  expect(lines).toEqual(['"KEYS" "*"', '"SESSION.SCAN" "0"', '"FLUSHALL"', '"PING" "end"']);
});

describe('OBJECT', () => {
  it('REFCOUNT and FREQ', async () => {
    const { ask } = await start();
    await ask('SET k v');
    expect(await ask('OBJECT REFCOUNT k')).toBe('1');
    expect(await ask('OBJECT FREQ k')).toMatch(/^ERR An LFU maxmemory policy is not selected/);
    expect(await ask('OBJECT REFCOUNT nope')).toBe('nil');
    expect(await ask('OBJECT FREQ nope')).toBe('nil');
  });
});

describe('conditions on the value of a string', () => {
  it('SET IFEQ and IFNE', async () => {
    const { ask } = await start();
    expect(await ask('SET k v IFEQ x')).toBe('nil');
    expect(await ask('SET k v IFNE x')).toBe('OK');
    expect(await ask('SET k w IFEQ x')).toBe('nil');
    expect(await ask('SET k w IFEQ x GET')).toBe('v');
    expect(await ask('GET k')).toBe('v');
    expect(await ask('SET k w GET IFEQ v EX 10')).toBe('v');
    expect(await ask('TTL k')).toBe('10');
    expect(await ask('SET k x IFNE w')).toBe('nil');
    for (const options of ['IFEQ', 'IFEQ w NX', 'IFEQ w IFNE v']) {
      expect(await ask(`SET k v ${options}`)).toBe('ERR syntax error');
    }
    await ask('HSET h f v');
    expect(await ask('SET h v IFEQ v')).toMatch(/^WRONGTYPE/);
    expect(await ask('GET k')).toBe('w');
  });

  it('DELEX and DELIFEQ', async () => {
    const { ask, client } = await start();
    await ask('SET k v');
    for (const request of ['DELEX k IFEQ x', 'DELEX k IFNE v', 'DELIFEQ k x', 'DELEX nope', 'DELIFEQ nope v']) {
      expect(await ask(request)).toBe('0');
    }
    expect(await ask('DELEX k IFEQ v')).toBe('1');
    await ask('SET k v');
    expect(await ask('DELEX k IFNE x')).toBe('1');
    await ask('SET k v');
    expect(await ask('DELIFEQ k v')).toBe('1');
    expect(await ask('EXISTS k')).toBe('0');
    await ask('HSET h f v');
    expect(await ask('DELEX h IFEQ v')).toMatch(/^WRONGTYPE/);
    expect(await ask('DELIFEQ h v')).toMatch(/^WRONGTYPE/);
    expect(await ask('DELEX h IFEQ')).toBe('ERR syntax error');
    expect(await ask('DELEX h')).toBe('1');
    expect(await askWith(client, 'SUBSTR', 'nope', '0', '1')).toBe('');
  });
});

describe('CLIENT PAUSE', () => {
  /** Two clients and an administrator. */
  async function paused(...words: string[]) {
    const { clock, server, client: admin } = await start();
    const [reader, writer] = [await connectTo(server), await connectTo(server)];
    expect(await askWith(admin, 'CLIENT', 'PAUSE', ...words)).toBe('OK');
    return { clock, server, admin, reader, writer };
  }

  it('WRITE holds writes back until its end, and the replies come in order', async () => {
    const { clock, server, admin, reader, writer } = await paused('1000', 'WRITE');
    await writer.send('GET k\r\nSET k v\r\nGET k\r\n');
    expect(await writer.take(5)).toBe('$-1\r\n');
    await reader.expect('GET k\r\nMULTI\r\nGET k\r\nEXEC\r\n', '$-1\r\n+OK\r\n+QUEUED\r\n*1\r\n$-1\r\n');
    await reader.send('PUBLISH a b\r\n');
    await eventually(async () => (await infoNumber(admin, 'blocked_clients')) === 2);
    clock.advance(999);
    const other = await connectTo(server);
    await other.expect('GET k\r\n', '$-1\r\n');
    clock.advance(1);
    await writer.expect('', '+OK\r\n$1\r\nv\r\n');
    await reader.expect('', ':0\r\n');
    expect(await infoNumber(admin, 'blocked_clients')).toBe(0);
  });

  it('WRITE holds a transaction back that may write, and runs within one', async () => {
    const { server, client: admin } = await start();
    const [writer, reader] = [await connectTo(server), await connectTo(server)];
    const queue = "MULTI\r\nEVAL \"return redis.call('SET','k','v')\" 0\r\nPUBLISH a b\r\n";
    await writer.expect(queue, '+OK\r\n+QUEUED\r\n+QUEUED\r\n');
    await reader.expect('MULTI\r\nGET k\r\n', '+OK\r\n+QUEUED\r\n');
    await admin.expect(
      'MULTI\r\nCLIENT PAUSE 100000 WRITE\r\nSET l v\r\nEXEC\r\n',
      '+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n+OK\r\n+OK\r\n',
    );
    await writer.send('EXEC\r\n');
    await eventually(async () => (await infoNumber(admin, 'blocked_clients')) === 1);
    await reader.expect('EXEC\r\n', '*1\r\n$-1\r\n');
    await admin.expect('CLIENT UNPAUSE\r\n', '+OK\r\n');
    await writer.expect('', '*2\r\n+OK\r\n:0\r\n');
  });

  it('ALL holds everything back, its own client included, until UNPAUSE', async () => {
    const { admin, reader, server } = await paused('100000');
    await reader.send('PING\r\nGET k\r\n');
    await admin.send('CLIENT UNPAUSE\r\nPING\r\n');
    expect(await admin.take(12)).toBe('+OK\r\n+PONG\r\n');
    await reader.expect('', '+PONG\r\n$-1\r\n');
    // What is refused in any case is refused at once.
    expect(await askWith(admin, 'CLIENT', 'PAUSE', '100000', 'ALL')).toBe('OK');
    await reader.expect('GET\r\n', "-ERR wrong number of arguments for 'get' command\r\n");
    expect(await askWith(reader, 'NOPE')).toMatch(/^ERR unknown command 'NOPE'/);
    await admin.expect('CLIENT UNPAUSE\r\n', '+OK\r\n');
    // The requests after it in the same read wait too.
    await admin.send('CLIENT PAUSE 100000 ALL\r\nPING\r\n');
    expect(await admin.take(5)).toBe('+OK\r\n');
    const other = await connectTo(server);
    await other.send('CLIENT UNPAUSE\r\nPING\r\n');
    expect(await other.take(12)).toBe('+OK\r\n+PONG\r\n');
    await admin.expect('', '+PONG\r\n');
  });

  it('becomes longer, never shorter, and does not keep keys from expiring', async () => {
    const { clock, admin, writer } = await paused('50', 'WRITE');
    await admin.expect('CLIENT PAUSE 10 WRITE\r\n', '+OK\r\n');
    await writer.send('SET k v\r\n');
    clock.advance(49);
    await admin.expect('CLIENT PAUSE 100 WRITE\r\nEXISTS k\r\n', '+OK\r\n:0\r\n');
    clock.advance(99);
    await admin.expect('EXISTS k\r\n', ':0\r\n');
    clock.advance(1);
    await writer.expect('', '+OK\r\n');
    await writer.expect('PEXPIRE k 20\r\n', ':1\r\n');
    await admin.expect('CLIENT PAUSE 100 WRITE\r\n', '+OK\r\n');
    clock.advance(20);
    await admin.expect('EXISTS k\r\nPUBSUB NUMPAT\r\n', ':0\r\n:0\r\n');
  });

  it('a client that leaves while it waits is forgotten, and so is a server that stops', async () => {
    const { admin, writer, reader } = await paused('100000');
    writer.socket.destroy();
    await reader.send('GET k\r\n');
    await admin.expect('CLIENT UNPAUSE\r\n', '+OK\r\n');
    await reader.expect('', '$-1\r\n');
    await admin.expect('CLIENT PAUSE 100000\r\n', '+OK\r\n');
    await reader.send('GET k\r\n');
    // `stopServers` waits for the server.
  });

  it.each([
    ['x', 'timeout is not an integer or out of range'],
    ['-1', 'timeout is negative'],
    ['1 READ', 'CLIENT PAUSE mode must be WRITE or ALL'],
    ['1 WRITE x', "unknown subcommand or wrong number of arguments for 'PAUSE'. Try CLIENT HELP."],
  ])('%s gets the error of Redis', async (words, error) => {
    const { ask } = await start();
    expect(await ask(`CLIENT PAUSE ${words}`)).toBe(`ERR ${error}`);
  });

  it('UNBLOCK finds nobody', async () => {
    const { ask } = await start();
    expect(await ask('CLIENT UNBLOCK 1')).toBe('0');
    expect(await ask('CLIENT UNBLOCK 1 TIMEOUT')).toBe('0');
    expect(await ask('CLIENT UNBLOCK 1 NOW')).toBe('ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR');
    expect(await ask('CLIENT UNBLOCK x')).toBe('ERR value is not an integer or out of range');
  });
});

describe('SSUBSCRIBE', () => {
  it('receives what SPUBLISH sends, and nothing else', async () => {
    const server = await startServer();
    const [subscriber, other, publisher] = [await connectTo(server), await connectTo(server), await connectTo(server)];
    const confirmed = (kind: string, channel: string, count: number) =>
      `*3\r\n$${kind.length}\r\n${kind}\r\n$${channel.length}\r\n${channel}\r\n:${count}\r\n`;
    await subscriber.expect('SSUBSCRIBE a b\r\n', confirmed('ssubscribe', 'a', 1) + confirmed('ssubscribe', 'b', 2));
    await subscriber.expect('SUBSCRIBE a\r\n', confirmed('subscribe', 'a', 1));
    await other.expect('PSUBSCRIBE *\r\n', confirmed('psubscribe', '*', 1));
    await publisher.expect('SPUBLISH a m\r\nSPUBLISH c m\r\nPUBLISH b m\r\n', ':1\r\n:0\r\n:1\r\n');
    await subscriber.expect('', '*3\r\n$8\r\nsmessage\r\n$1\r\na\r\n$1\r\nm\r\n');
    await publisher.expect(
      'PUBSUB SHARDCHANNELS\r\nPUBSUB CHANNELS\r\n',
      '*2\r\n$1\r\na\r\n$1\r\nb\r\n*1\r\n$1\r\na\r\n',
    );
    await publisher.expect(
      'PUBSUB SHARDCHANNELS b*\r\nPUBSUB SHARDNUMSUB a x\r\n',
      '*1\r\n$1\r\nb\r\n*4\r\n$1\r\na\r\n:1\r\n$1\r\nx\r\n:0\r\n',
    );
    expect(await publisher.bulk('CLIENT', 'LIST', 'TYPE', 'pubsub')).toMatch(/ sub=1 psub=0 ssub=2 /);
    await subscriber.expect(
      'SUNSUBSCRIBE a\r\nUNSUBSCRIBE\r\n',
      confirmed('sunsubscribe', 'a', 1) + confirmed('unsubscribe', 'a', 0),
    );
    expect(await askWith(subscriber, 'GET', 'k')).toMatch(/^ERR Can't execute 'get'/);
    await subscriber.expect('SUNSUBSCRIBE\r\nGET k\r\n', `${confirmed('sunsubscribe', 'b', 0)}$-1\r\n`);
    await subscriber.expect('SUNSUBSCRIBE\r\n', '*3\r\n$12\r\nsunsubscribe\r\n$-1\r\n:0\r\n');
    await publisher.expect('PUBSUB SHARDCHANNELS\r\n', '*0\r\n');
  });

  it('ends with the connection, and reaches many subscribers', async () => {
    const server = await startServer();
    const publisher = await connectTo(server);
    const subscribers = await Promise.all(Array.from({ length: 40 }, () => connectTo(server)));
    for (const subscriber of subscribers) {
      await subscriber.send('SSUBSCRIBE a\r\n');
      await subscriber.takeUntil(':1\r\n');
    }
    await publisher.expect('SPUBLISH a m\r\n', ':40\r\n');
    for (const subscriber of subscribers) await subscriber.expect('', '*3\r\n$8\r\nsmessage\r\n$1\r\na\r\n$1\r\nm\r\n');
    for (const subscriber of subscribers) subscriber.socket.destroy();
    await eventually(async () => (await askWith(publisher, 'PUBSUB', 'SHARDNUMSUB', 'a')) === 'a 0');
  });
});
