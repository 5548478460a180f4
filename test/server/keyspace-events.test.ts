import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Config } from '../../src/index.js';
import { connectTo, startServer, stopServers } from '../embedded-server.js';
import { FakeClock } from '../fake-clock.js';
import { passTime } from '../pass-time.js';
import { frame, RawClient } from '../raw-client.js';
import { RedisServer } from '../tools/redis-server.js';
import { type Heard, subscribe } from './subscribe.js';

afterEach(stopServers);

/** All events: `A` includes neither new keys nor misses. */
const ALL = 'KEAnm';

/** The channels of all keyspace events. */
const PATTERN = '__key*';

/** Starts a server with a subscriber to all of its events, and a client that causes them. */
async function start(config: Partial<Config> = {}) {
  const clock = new FakeClock();
  const server = await startServer({ 'notify-keyspace-events': ALL, ...config }, { clock });
  const client = await connectTo(server);
  return { server, clock, client, heard: await subscribe(await connectTo(server), client, PATTERN) };
}

/** Runs requests, whatever their replies are. A request is words separated by spaces. */
async function carryOut(client: RawClient, requests: readonly string[]): Promise<void> {
  await client.send(Buffer.concat([...requests.map((request) => frame(...request.split(' '))), frame('ECHO', 'done')]));
  await client.takeUntil('$4\r\ndone\r\n');
}

/** Returns the events received, as `<event> <key>`. Checks that both channels publish each event. */
async function events(heard: Heard): Promise<string[]> {
  const messages = await heard();
  return messages.flatMap((message, i) => {
    const [, event, key] = /^__keyevent@0__:(\S+) (.*)$/.exec(message) ?? [];
    if (event === undefined) return [];
    expect(messages[i - 1]).toBe(`__keyspace@0__:${key} ${event}`);
    return [`${event} ${key}`];
  });
}

const FAR = '9999999999';
const FAR_MS = '9999999999999';

/** What each command does, and what must exist before. */
const SCENARIOS: readonly { readonly before?: readonly string[]; readonly requests: readonly string[] }[] = [
  // Strings.
  { requests: ['SET k v', 'SET k w', 'GET k'] },
  { requests: ['SET k v EX 100', 'SET k w KEEPTTL', 'SET k w PX 1000', 'SET k w'] },
  { requests: [`SET k v EXAT ${FAR}`, `SET k v PXAT ${FAR_MS} NX`, `SET k v PXAT ${FAR_MS} XX`] },
  { requests: ['SET k v XX', 'SET k v NX', 'SET k v NX'] },
  { before: ['SET k v'], requests: ['SET k w GET', 'SET k w XX GET', 'SET k w NX GET'] },
  { before: ['HSET h f v'], requests: ['SET h v', 'SET h w'] },
  { before: ['HSET h f v'], requests: ['SET h v GET', 'GET h', 'INCR h', 'APPEND h x', 'SETRANGE h 0 x', 'GETDEL h'] },
  { requests: ['SETEX k 100 v', 'PSETEX k 100000 v', 'SETEX k 0 v'] },
  { requests: ['SETNX k v', 'SETNX k v'] },
  { before: ['SET k v'], requests: ['GETSET k w'] },
  { requests: ['MSET a 1 b 2 a 3', 'MGET a b c a'] },
  { requests: ['MSETNX a 1 b 2', 'MSETNX b 1 c 2'] },
  { requests: ['APPEND k a', 'APPEND k b'] },
  { requests: ['SETRANGE k 0 x', 'SETRANGE k 5 xyz', 'SETRANGE none 3 '] },
  { requests: ['INCR k', 'INCRBY k 5', 'DECR k', 'DECRBY k 2', 'INCRBYFLOAT k 1.5', 'INCR k', 'INCRBYFLOAT new 1.5'] },
  { requests: ['SET k text', 'INCR k', 'INCRBYFLOAT k 1'] },
  { requests: ['GET none', 'MGET none other', 'STRLEN none', 'GETRANGE none 0 -1'] },
  { requests: ['GETDEL none', 'GETEX none', 'GETEX none EX 10', 'GETEX none PERSIST'] },
  { requests: ['SET k v', 'GETDEL k', 'GETDEL k'] },
  {
    requests: ['SET k v', 'GETEX k', 'GETEX k EX 100', 'GETEX k PERSIST', 'GETEX k PERSIST', `GETEX k PXAT ${FAR_MS}`],
  },
  { requests: ['SET k v', 'GETEX k PXAT 1', 'GETEX k'] },
  // Hashes.
  { requests: ['HSET h a 1 b 2', 'HSET h a 1', 'HMSET h a 1 c 2', 'HMSET other a 1'] },
  { requests: ['HSETNX h a 1', 'HSETNX h a 2', 'HSETNX h b 2'] },
  { requests: ['HINCRBY h n 5', 'HINCRBY h n 5', 'HINCRBYFLOAT h n 1.5', 'HINCRBYFLOAT other n 1.5', 'HINCRBY h n 1'] },
  { before: ['HSET h a 1 b 2'], requests: ['HDEL h none', 'HDEL h a', 'HDEL h b', 'HDEL h b'] },
  { before: ['HSET h a 1 b 2'], requests: ['HDEL h a none b', 'HSET h a 1'] },
  { before: ['SET s v'], requests: ['HSET s a 1', 'HDEL s a', 'HGET s a', 'HINCRBY s a 1', 'HSETNX s a 1', 'HLEN s'] },
  {
    before: ['HSET h a 1'],
    requests: ['HGET h a', 'HGETALL h', 'HSCAN h 0', 'HRANDFIELD h 1', 'HEXISTS h a', 'HKEYS h'],
  },
  { requests: ['HGET none a', 'HMGET none a b', 'HGETALL none', 'HKEYS none', 'HVALS none', 'HLEN none'] },
  { requests: ['HEXISTS none a', 'HSTRLEN none a', 'HSCAN none 0', 'HRANDFIELD none', 'HRANDFIELD none 1'] },
  { requests: ['HDEL none a'] },
  // Sets.
  { requests: ['SADD k a b', 'SADD k a', 'SREM k x', 'SREM k a', 'SMEMBERS k', 'SREM k b', 'SCARD k', 'SREM k b'] },
  { before: ['SADD k a b'], requests: ['SPOP k 0', 'SPOP k 5', 'SPOP k', 'SRANDMEMBER k'] },
  { before: ['SADD k a', 'SADD l a b'], requests: ['SMOVE k l x', 'SMOVE k l a', 'SMOVE l m b', 'SMOVE k l a'] },
  {
    before: ['SADD k a b', 'SADD l a', 'SET d v EX 100'],
    requests: ['SUNIONSTORE d k l', 'SINTERSTORE d k none', 'SDIFFSTORE d l k', 'SDIFFSTORE k k l', 'SINTER k none'],
  },
  // Sorted sets.
  {
    requests: [
      'ZADD k 1 a 2 b',
      'ZADD k 1 a',
      'ZADD k XX 3 a',
      'ZADD k NX 4 a',
      'ZINCRBY k 1 a',
      'ZINCRBY k 0 a',
      'ZADD k INCR 1 c',
    ],
  },
  { before: ['ZADD k 1 a 2 b'], requests: ['ZREM k x', 'ZREM k a', 'ZREM k b', 'ZREM k b', 'ZRANGE k 0 -1'] },
  { before: ['ZADD k 1 a 2 b 3 c'], requests: ['ZPOPMIN k 0', 'ZPOPMIN k', 'ZPOPMAX k 5', 'ZPOPMAX k', 'ZCARD k'] },
  {
    before: ['ZADD k 1 a 2 b 3 c'],
    requests: ['ZREMRANGEBYRANK k 0 0', 'ZREMRANGEBYSCORE k 9 9', 'ZREMRANGEBYSCORE k 2 2', 'ZREMRANGEBYLEX k - +'],
  },
  {
    before: ['ZADD k 1 a 2 b', 'SET d v'],
    requests: [
      'ZRANGESTORE d k 0 -1',
      'ZRANGESTORE d k 5 9',
      'ZRANGESTORE d k 5 9',
      'ZRANGESTORE k k 0 0',
      'ZRANGESTORE d none 0 1',
    ],
  },
  // Keys.
  { before: ['SET a 1', 'HSET b f v'], requests: ['DEL a none b a', 'DEL a'] },
  { before: ['SET a 1', 'HSET b f v'], requests: ['UNLINK a b b'] },
  {
    before: ['SET a 1'],
    requests: ['EXISTS a none a', 'TYPE a', 'TYPE none', 'TTL none', 'PTTL none', 'EXPIRETIME none'],
  },
  {
    before: ['SET a 1'],
    requests: ['TOUCH a none', 'PEXPIRETIME none', 'OBJECT ENCODING none', 'OBJECT IDLETIME none'],
  },
  { before: ['SET a 1'], requests: ['EXPIRE a 100', 'PEXPIRE a 100000', `EXPIREAT a ${FAR}`, `PEXPIREAT a ${FAR_MS}`] },
  { before: ['SET a 1'], requests: ['EXPIRE a 100 XX', 'EXPIRE a 100 NX', 'EXPIRE a 50 GT', 'EXPIRE a 50 LT'] },
  {
    before: ['SET a 1', 'SET b 1', 'SET c 1'],
    requests: ['EXPIRE a 0', 'PEXPIRE b -1', 'EXPIREAT c 1', 'EXPIRE a 10'],
  },
  { before: ['SET a 1 EX 100'], requests: ['PERSIST a', 'PERSIST a', 'PERSIST none'] },
  { before: ['SET a 1'], requests: ['RENAME a b', 'RENAME b b', 'RENAME none x', 'RENAMENX b c', 'RENAMENX c c'] },
  { before: ['SET a 1', 'HSET b f v'], requests: ['RENAMENX a b', 'RENAME a b', 'GET b'] },
  {
    before: ['SET a 1', 'HSET b f v'],
    requests: ['COPY a c', 'COPY a b', 'COPY a b REPLACE', 'COPY none x', 'COPY b d'],
  },
  // Databases. The last request is for the scenario that follows.
  { before: ['SET a 1', 'SET b 1'], requests: ['MOVE a 1', 'MOVE a 1', 'COPY b b DB 2', 'COPY b c DB 2', 'GET a'] },
  {
    requests: [
      'SELECT 1',
      'SET a 1',
      'GET none',
      'HSET h f v',
      'HDEL h f',
      'RENAME a c',
      'MOVE c 0',
      'SELECT 0',
      'DEL c',
    ],
  },
  { before: ['SET a 1'], requests: ['MULTI', 'SET a 2', 'INCR a', 'DEL a', 'HSET a f v', 'EXEC'] },
  { before: ['SET a 1'], requests: ['KEYS *', 'SCAN 0', 'RANDOMKEY', 'DBSIZE', 'WATCH none', 'UNWATCH', 'GET a'] },
];

describe.skipIf(!RedisServer.there)('events and their order are the same as in Redis', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await RedisServer.startRedis();
  });
  afterAll(() => redis?.stop());

  async function compare(letters: string, before: readonly string[], requests: readonly string[]): Promise<string[]> {
    const heardFrom = async (client: RawClient, heard: Heard) => {
      await carryOut(client, ['CONFIG SET notify-keyspace-events ', 'FLUSHALL', ...before]);
      await carryOut(client, [`CONFIG SET notify-keyspace-events ${letters}`, ...requests]);
      return heard();
    };
    const [client, subscriber] = [await RawClient.connect(redis.port), await RawClient.connect(redis.port)];
    const expected = await heardFrom(client, await subscribe(subscriber, client, PATTERN));
    client.close();
    subscriber.close();
    const ours = await start();
    expect(await heardFrom(ours.client, ours.heard)).toEqual(expected);
    return expected;
  }

  it.each(SCENARIOS)('$requests', async ({ before = [], requests }) => {
    await compare(ALL, before, requests);
  });

  it.each(['', 'K', 'E', 'g$', 'Kg', 'Eg', 'K$', 'KEh', 'Kn', 'Em', 'KA', 'EAn', 'KEx', 'KEezltsd'])(
    'with the letters "%s"',
    async (letters) => {
      const requests = SCENARIOS.flatMap(({ before = [], requests }) => ['FLUSHALL', ...before, ...requests]);
      await compare(
        letters,
        [],
        requests.filter((request) => !/^(?:FLUSHALL|WATCH|MULTI|EXEC)/.test(request)),
      );
    },
  );

  it.each([
    ...['', 'K', 'E', 'KE', 'EK', 'KEA', 'AKE', 'xKE', 'Ex', 'g$lshzxetd', 'KEm', 'KEAm', 'KEg$hxe'],
    ...['eEx$K', 'AA', 'Kgg', 'KEAg', 'ts', 'KEz', 'KEd', 'm', 'n', 'Kn', 'KEq', 'KEB', 'ke', 'K E', 'KEA,', '0'],
  ])('CONFIG SET accepts or refuses the letters "%s", and CONFIG GET returns them', async (letters) => {
    const answers = async (client: RawClient) => {
      await client.send(frame('CONFIG', 'SET', 'notify-keyspace-events', letters));
      const answer = await client.takeUntil('\r\n');
      await client.send(Buffer.concat([frame('CONFIG', 'GET', 'notify-keyspace-events'), frame('ECHO', 'done')]));
      // The error texts differ between the servers.
      return [answer[0], await client.takeUntil('$4\r\ndone\r\n')];
    };
    const client = await RawClient.connect(redis.port);
    await client.expect(frame('CONFIG', 'SET', 'notify-keyspace-events', ''), '+OK\r\n');
    const expected = await answers(client);
    client.close();
    expect(await answers(await connectTo(await startServer()))).toEqual(expected);
  });
});

describe('by default', () => {
  it('nothing is published, nor with only kinds or only channels', async () => {
    const server = await startServer();
    const client = await connectTo(server);
    const heard = await subscribe(await connectTo(server), client, PATTERN);
    for (const letters of ['', 'A', 'g$hxe', 'KE', 'K', 'E']) {
      await carryOut(client, [
        `CONFIG SET notify-keyspace-events ${letters}`,
        'SET k v',
        'HSET h f v',
        'DEL k',
        'GET k',
      ]);
      expect(await heard()).toEqual([]);
    }
  });

  it('a server accepts only valid letters', async () => {
    const { client } = await start({ 'notify-keyspace-events': 'gKx' });
    await client.expect('CONFIG GET notify-keyspace-events\r\n', frame('notify-keyspace-events', 'gxK').toString());
    // Redis omits the n beside an A, but publishes events of new keys.
    await client.expect('CONFIG SET notify-keyspace-events g$lshzxetdKEnm\r\n', '+OK\r\n');
    await client.expect('CONFIG GET notify-keyspace-events\r\n', frame('notify-keyspace-events', 'AnKEm').toString());
    await client.send('CONFIG SET notify-keyspace-events KEy\r\n');
    expect(await client.takeUntil('\r\n')).toMatch(/^-ERR .*Invalid event class character/);
    await client.expect('CONFIG GET notify-keyspace-events\r\n', frame('notify-keyspace-events', 'AnKEm').toString());
  });
});

describe.each(passTime)('the event expired, %s', (_, pass) => {
  it.each([
    ['SET k v PX 1000'],
    ['PSETEX k 1000 v'],
    ['SET k v', 'PEXPIRE k 1000'],
    ['HSET k f v', 'PEXPIRE k 1000'],
    ['SET k v EX 1', 'SET k w KEEPTTL'],
    ['SET other v EX 1', 'RENAME other k'],
    ['SESSION.NEW k 1 SHARED DATA f v'],
    // The session stays without its data, so the key is gone.
    ['SESSION.NEW k 1 0 SHARED DATA f v'],
    ['SESSION.NEW k MAXAGE 1 SHARED DATA f v'],
    ['SESSION.NEW k 1 0 SHARED', 'SET k v KEEPTTL'],
  ])('is published at the deadline, once: %s %s', async (...requests) => {
    const { server, clock, client, heard } = await start();
    await carryOut(client, requests);
    await heard();
    const look = ['EXISTS k', 'GET k', 'PTTL k'];
    pass(clock, 999);
    await carryOut(client, look);
    expect(await events(heard)).toEqual([]);
    pass(clock, 1);
    await client.expect('CONFIG SET notify-keyspace-events KEx\r\n', '+OK\r\n');
    await carryOut(client, look);
    expect(await events(heard)).toEqual(['expired k']);
    pass(clock, 100_000);
    await carryOut(client, look);
    expect(await events(heard)).toEqual([]);
    expect(server.engine.stats().keys).toBe(0);
  });

  it('is published before the events of the command that found the key expired', async () => {
    const { clock, client, heard } = await start();
    await carryOut(client, ['SET k v PX 10', 'HSET h f v', 'PEXPIRE h 10']);
    await heard();
    pass(clock, 10);
    await carryOut(client, ['SET k w', 'HSET h g v', 'HLEN h']);
    const told = await events(heard);
    expect(told.filter((event) => event.endsWith(' k'))).toEqual(['expired k', 'new k', 'set k']);
    expect(told.filter((event) => event.endsWith(' h'))).toEqual(['expired h', 'new h', 'hset h']);
  });
});

describe('sessions that are keys', () => {
  it('ending one publishes del, expired or evicted; ending a session that is not a key publishes nothing', async () => {
    const { client, heard } = await start();
    const cases: readonly (readonly [string, readonly string[]])[] = [
      ['SESSION.NEW a SHARED', []],
      ['SESSION.NEW b SHARED DATA f v', ['new b']],
      ['SESSION.NEW b DATA f v', []],
      ['SESSION.END @a', []],
      ['SESSION.END @b', ['del b']],
      ['SESSION.ENDNAME b', []],
      ['SET s v', ['new s', 'set s']],
      ['SESSION.ENDNAME s', ['del s']],
      ['SET s v', ['new s', 'set s']],
      ['SESSION.NEW s LIMIT 1', ['del s']],
      ['MSET x 1 y 2', ['new x', 'set x', 'new y', 'set y']],
      // Redis publishes nothing for FLUSHALL.
      ['FLUSHALL', ['del x', 'del y']],
      ['MSET x 1 y 2', ['new x', 'set x', 'new y', 'set y']],
      ['SESSION.ENDALL', ['del x', 'del y']],
    ];
    for (const [request, expected] of cases) {
      await carryOut(client, [request]);
      expect((await events(heard)).sort(), request).toEqual([...expected].sort());
    }
  });

  it('writes by session commands publish nothing', async () => {
    const { client, heard } = await start();
    await carryOut(client, [
      ...['SESSION.NEW k 100 SHARED DATA f v', 'SESSION.SET @k g 1', 'SESSION.INCRBY @k g 1', 'SESSION.DEL @k f'],
      ...['SESSION.EXPIRE @k 50', 'SESSION.TOUCH @k', 'SESSION.CLEAR @k', 'SESSION.SET @k f v'],
    ]);
    expect(await events(heard)).toEqual(['new k']);
  });

  it('the first value of an empty shared session publishes a write, not a new key', async () => {
    const { client, heard } = await start();
    await carryOut(client, ['SESSION.NEW k SHARED', 'SET k v', 'SESSION.NEW h SHARED', 'HSET h f v']);
    expect(await events(heard)).toEqual(['set k', 'hset h']);
  });

  it('evicted names the key that was evicted', async () => {
    const { client, heard } = await start({ 'maxmemory-policy': 'allsessions-lru' });
    await carryOut(client, ['SET k v', 'SESSION.NEW private DATA f v']);
    await heard();
    await carryOut(client, ['CONFIG SET maxmemory 1']);
    expect(await events(heard)).toEqual(['evicted k']);
  });

  it('RENAME and COPY publish nothing about the key that they replace, except new', async () => {
    const { client, heard } = await start();
    await carryOut(client, ['MSET a 1 b 2 c 3']);
    await heard();
    await carryOut(client, ['RENAME a b', 'COPY c b REPLACE']);
    expect(await events(heard)).toEqual(['new b', 'rename_from a', 'rename_to b', 'new b', 'copy_to b']);
  });

  it('GETSET and SET with GET publish a miss', async () => {
    const { client, heard } = await start({ 'notify-keyspace-events': 'KEm' });
    await carryOut(client, ['GETSET a v', 'SET b v GET', 'SET c v NX GET', 'GET none']);
    expect(await events(heard)).toEqual(['keymiss a', 'keymiss b', 'keymiss c', 'keymiss none']);
  });

  it('SET with a timestamp in the past publishes that the key came and went, immediately', async () => {
    const { client, heard } = await start();
    await carryOut(client, ['SET k v']);
    await heard();
    await carryOut(client, ['SET k w PXAT 1', 'SET none w PXAT 1']);
    expect(await events(heard)).toEqual(['set k', 'del k', 'new none', 'set none', 'del none']);
  });
});

it('keys are published unchanged, whatever bytes they contain', async () => {
  const { server, client } = await start();
  const key = Buffer.from([0, 13, 10, 255, 42, 32]);
  const subscriber = await connectTo(server);
  const channel = Buffer.concat([Buffer.from('__keyspace@0__:'), key]);
  await subscriber.send(frame('SUBSCRIBE', channel, '__keyevent@0__:set'));
  await subscriber.takeUntil(':2\r\n');
  await client.expect(frame('SET', key, 'v'), '+OK\r\n');
  const expected = [
    frame('message', channel, 'new'),
    frame('message', channel, 'set'),
    frame('message', '__keyevent@0__:set', key),
  ];
  const text = Buffer.concat(expected).toString('latin1');
  expect(await subscriber.take(text.length)).toBe(text);
});
