import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { Config, Server } from '../../src/index.js';
import { batchPrefix, encodeFileHeader, FORMAT_VERSION, newFileId, readFileHeader } from '../../src/journal/frames.js';
import { encodeManifest } from '../../src/journal/manifest.js';
import { RecordEncoder } from '../../src/journal/record-encoder.js';
import { Slice } from '../../src/slice.js';
import { connectTo, keepLog, startServer, stopServers } from '../embedded-server.js';
import { temporaryDirectory } from '../journal/temporary-directory.js';
import type { RawClient } from '../raw-client.js';
import { ask, askWith } from './ask.js';
import { StandingClock } from './held-disk.js';
import { batchesIn } from './journal-records.js';

afterEach(stopServers);

/** A server with a journal whose clock stands still, and a client, across restarts. */
class Durable {
  readonly clock = new StandingClock();
  readonly log = keepLog();
  readonly config: Partial<Config>;
  #server: Server | undefined;
  #client: RawClient | undefined;

  constructor(config: Partial<Config> = {}) {
    this.config = { appendonly: true, appendfsync: 'no', dir: temporaryDirectory(), ...config };
  }

  get client(): RawClient {
    if (this.#client === undefined) throw new Error('the server has not been started');
    return this.#client;
  }

  async start(config: Partial<Config> = {}): Promise<void> {
    this.#server = await startServer({ ...this.config, ...config }, { clock: this.clock, log: this.log });
    this.#client = await connectTo(this.#server);
  }

  async restart(config: Partial<Config> = {}): Promise<void> {
    await this.stop();
    await this.start(config);
  }

  async stop(): Promise<void> {
    this.#client?.close();
    await this.#server?.close();
  }

  /** Sends a request of words separated by spaces. */
  ask(request: string): Promise<string> {
    return ask(this.client, request);
  }

  askWith(...request: (string | Buffer)[]): Promise<string> {
    return askWith(this.client, ...request);
  }

  /** Compacts the journal and waits for the end. */
  async compact(): Promise<void> {
    const compacted = () => this.log.lines.filter((line) => line.startsWith('compacted')).length;
    const before = compacted();
    await this.ask('BGREWRITEAOF');
    while (compacted() === before) await new Promise((resolve) => setImmediate(resolve));
  }

  /** Returns everything that can be seen of some keys, including their tokens if requested. */
  async seen(keys: readonly string[], withTokens = false): Promise<Record<string, unknown>> {
    const seen: Record<string, unknown> = {};
    for (const key of keys) {
      const type = await this.ask(`TYPE ${key}`);
      const content = type === 'string' ? await this.ask(`GET ${key}`) : await this.ask(`HGETALL ${key}`);
      const expires = await this.ask(`PEXPIRETIME ${key}`);
      seen[key] = { type, content, expires, ...(withTokens && { token: await this.ask(`SESSION.OPEN ${key}`) }) };
    }
    return seen;
  }
}

async function restarted(durable: Durable): Promise<Durable> {
  await durable.restart();
  return durable;
}

async function started(config: Partial<Config> = {}): Promise<Durable> {
  const durable = new Durable(config);
  await durable.start();
  return durable;
}

/** Writes a journal with these records, in a version of the format. */
function writeJournal(dir: string, records: RecordEncoder, version = FORMAT_VERSION): void {
  const id = newFileId();
  const journal = join(dir, 'journal');
  mkdirSync(journal, { recursive: true });
  const bytes = Buffer.concat([encodeFileHeader(id, version), records.takeBatch(batchPrefix(id))]);
  writeFileSync(join(journal, 'increment.1'), bytes);
  writeFileSync(
    join(journal, 'manifest'),
    encodeManifest({ base: undefined, increments: ['increment.1'], clockAhead: 0 }),
  );
}

/** How the changes reach the next start: as separate records, or compacted. */
const ways = [
  ['as it was recorded', async (durable: Durable) => durable.restart()],
  [
    'after BGREWRITEAOF',
    async (durable: Durable) => {
      await durable.compact();
      await durable.restart();
    },
  ],
] as const;

describe.each(ways)('a restart keeps keys, %s', (_, restart) => {
  it.each<[string, string[], Record<string, string>]>([
    ['a string', ['SET k v'], { 'GET k': 'v', 'TYPE k': 'string', 'TTL k': '-1', 'GETDEL k': 'v', 'EXISTS k': '0' }],
    ['an empty string', ['SET k '], { 'GET k': '', 'EXISTS k': '1', 'STRLEN k': '0', 'APPEND k x': '1' }],
    ['a hash', ['HSET k a 1 b 2'], { 'HGETALL k': 'a 1 b 2', 'TYPE k': 'hash', 'TTL k': '-1', 'HDEL k a b': '2' }],
    ['a hash with the empty field', ['HSET k  v'], { 'TYPE k': 'hash', 'HGETALL k': ' v' }],
    ['what was written to a string', ['SET k 1', 'INCR k', 'APPEND k 0', 'SETRANGE k 3 x'], { 'GET k': '20\0x' }],
    ['an integer', ['INCRBY k 41', 'INCR k', 'DECRBY k 2'], { 'GET k': '40', 'INCR k': '41' }],
    ['what was written to a hash', ['HSET k a 1', 'HINCRBY k a 2', 'HSETNX k b x'], { 'HGETALL k': 'a 3 b x' }],
    ['SET over a hash', ['HSET k a 1 b 2', 'SET k v'], { 'TYPE k': 'string', 'GET k': 'v', 'SESSION.KEYS @k': '' }],
    ['SET over a hash, then DEL and HSET', ['HSET k a 1', 'SET k v', 'DEL k', 'HSET k b 2'], { 'HGETALL k': 'b 2' }],
    ['HDEL of the last field', ['HSET k a 1', 'HDEL k a'], { 'EXISTS k': '0', 'SESSION.EXISTS @k': '0' }],
    ['HDEL of the last field, then SET', ['HSET k a 1', 'HDEL k a', 'SET k v'], { 'GET k': 'v', DBSIZE: '1' }],
    ['a set', ['SADD k a b', 'SADD k c', 'SREM k b'], { 'SMEMBERS k': 'a c', 'TYPE k': 'set', 'SADD k a d': '1' }],
    [
      'a sorted set',
      ['ZADD k 2 b 1.5 a inf z', 'ZINCRBY k -0.25 a', 'ZREM k b'],
      { 'ZRANGE k 0 -1 WITHSCORES': 'a 1.25 z inf', 'TYPE k': 'zset', 'ZADD k XX CH 0 z': '1' },
    ],
    ['SET over a set', ['SADD k a b', 'SET k v'], { 'TYPE k': 'string', 'GET k': 'v' }],
    ['a set over a string', ['SET k v EX 100', 'SADD l a', 'SUNIONSTORE k l'], { 'SMEMBERS k': 'a', 'TTL k': '-1' }],
    ['SREM of the last member', ['SADD k a EX', 'SREM k a EX'], { 'EXISTS k': '0', 'SESSION.EXISTS @k': '0' }],
    [
      'a session without data that became a sorted set',
      ['SESSION.NEW k 100 SHARED', 'ZADD k 1 a', 'RENAME k l', 'COPY l m'],
      { 'TYPE l': 'zset', 'ZSCORE m a': '1', 'TTL l': '100' },
    ],
    [
      'a large sorted set',
      [`ZADD k ${Array.from({ length: 500 }, (_, i) => `${i % 10} m${i}`).join(' ')}`, 'ZREM k m0 m499', 'COPY k l'],
      {
        'ZRANK k m1': '49',
        'ZREVRANK l m498': '55',
        'ZCOUNT k 3 (5': '100',
        'ZRANGE k -1 -1': 'm99',
        'ZADD k 9 m999': '1',
      },
    ],
    [
      'a large set',
      [`SADD k ${Array.from({ length: 500 }, (_, i) => `m${i}`).join(' ')}`, 'SREM k m3'],
      { 'SCARD k': '499', 'SMISMEMBER k m3 m4': '0 1', 'OBJECT ENCODING k': 'hashtable' },
    ],
    ['DEL', ['SET k v', 'DEL k'], { 'EXISTS k': '0', DBSIZE: '0' }],
    ['DEL and SET', ['SET k v EX 100', 'DEL k', 'SET k w'], { 'GET k': 'w', 'TTL k': '-1' }],
    ['RENAME', ['SET k v EX 100', 'RENAME k l'], { 'EXISTS k': '0', 'GET l': 'v', 'PTTL l': '100000' }],
    [
      'RENAME over a key',
      ['HSET k a 1', 'SET l v EX 100', 'RENAME k l'],
      { 'EXISTS k': '0', 'HGETALL l': 'a 1', 'TTL l': '-1', DBSIZE: '1' },
    ],
    ['RENAME there and back', ['SET k v', 'RENAME k l', 'RENAME l k'], { 'GET k': 'v', 'EXISTS l': '0' }],
    ['RENAME in a ring', ['MSET a 1 b 2', 'RENAME a t', 'RENAME b a', 'RENAME t b'], { 'MGET a b t': '2 1 nil' }],
    ['RENAME, then the old name anew', ['SET k v', 'RENAME k l', 'HSET k a 1'], { 'HGETALL k': 'a 1', 'GET l': 'v' }],
    ['COPY', ['HSET k a 1', 'EXPIRE k 100', 'COPY k l'], { 'HGETALL l': 'a 1', 'PTTL l': '100000', 'HLEN k': '1' }],
    ['COPY REPLACE', ['HSET k a 1', 'SET l v EX 9', 'COPY k l REPLACE'], { 'HGETALL l': 'a 1', 'TTL l': '-1' }],
    ['COPY REPLACE of a string', ['SET k v', 'HSET l a 1', 'COPY k l REPLACE'], { 'GET l': 'v', 'TYPE l': 'string' }],
    ['SETEX', ['SETEX k 100 v'], { 'PTTL k': '100000' }],
    ['SET KEEPTTL', ['SET k v PX 5000', 'SET k w KEEPTTL'], { 'PTTL k': '5000', 'GET k': 'w' }],
    ['SET that ends the duration', ['SET k v PX 5000', 'SET k w'], { 'TTL k': '-1' }],
    [
      'EXPIRE and PERSIST',
      ['SET k v EX 5', 'PERSIST k', 'HSET l a 1', 'EXPIRE l 7'],
      { 'TTL k': '-1', 'PTTL l': '7000' },
    ],
    ['GETEX', ['SET k v', 'GETEX k EX 100'], { 'PTTL k': '100000' }],
    ['MSET and MSETNX', ['MSET a 1 b 2', 'MSETNX b 3 c 4', 'MSETNX c 5 d 6'], { 'MGET a b c d': '1 2 5 6' }],
    ['SADD, SREM and SMOVE', ['SADD s a b c', 'SREM s b', 'SMOVE s t c'], { 'SMEMBERS s': 'a', 'TYPE t': 'set' }],
    [
      'ZADD and ZREM',
      ['ZADD z 1 a 2.5 b -inf c', 'ZINCRBY z 2 a', 'ZREM z b'],
      { 'ZRANGE z 0 -1 WITHSCORES': 'c -inf a 3' },
    ],
    [
      'ZUNIONSTORE over a key',
      ['ZADD z 1 a 2 b', 'SADD s b', 'SET u v EX 9', 'ZUNIONSTORE u 2 z s'],
      { 'ZRANGE u 0 -1 WITHSCORES': 'a 1 b 3', 'TTL u': '-1', 'TYPE u': 'zset' },
    ],
    [
      'SPOP and ZREMRANGEBYRANK of everything, and new members',
      ['SADD s a b', 'SPOP s 9', 'ZADD z 1 a 2 b', 'ZREMRANGEBYRANK z 0 -1', 'ZADD z 3 c', 'SADD u a', 'SPOP u'],
      { 'EXISTS s u': '0', 'ZRANGE z 0 -1 WITHSCORES': 'c 3' },
    ],
    [
      'SUNIONSTORE of many',
      [
        'SADD s a',
        `SADD t ${Array.from({ length: 300 }, (_, i) => `m${i}`).join(' ')}`,
        'SUNIONSTORE n s t',
        'SUNIONSTORE s s t',
      ],
      { 'SCARD n': '301', 'SCARD s': '301', 'SISMEMBER n m299': '1' },
    ],
    ['SINTERSTORE of nothing', ['SADD s a', 'SADD t b', 'SINTERSTORE s s t'], { 'EXISTS s': '0', 'SCARD t': '1' }],
    ['a transaction', ['MULTI', 'SET k 1', 'INCR k', 'RENAME k l', 'EXEC'], { 'GET l': '2', 'EXISTS k': '0' }],
    ['a shared session', ['SESSION.NEW k SHARED DATA a 1', 'HSET k b 2'], { 'SESSION.GETALL @k': 'a 1 b 2' }],
    ['a key named as one of a session', ['SET @k v', 'SET k w'], { 'GET @k': 'v', 'SESSION.GET @k ': 'w' }],
    ['a string, for commands of SESSION', ['SET k v'], { 'SESSION.GET @k ': 'v', 'HSET k a 1': WRONGTYPE() }],
  ])('%s', async (_, requests, expected) => {
    const durable = await started();
    for (const request of requests) await durable.ask(request);
    await restart(durable);
    for (const [request, reply] of Object.entries(expected)) {
      const got = await durable.ask(request);
      // A deadline may be later by the time between two clock readings, but never earlier.
      if (request.startsWith('PTTL')) expectAbout(Number(got), Number(reply));
      else expect(got, request).toBe(reply);
    }
  });

  it('with any bytes in keys, fields and values, of any length', async () => {
    const durable = await started();
    const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    const long = Buffer.alloc(512, 'k');
    const large = Buffer.alloc(3 * 1024 * 1024, all);
    await durable.askWith('SET', all, large);
    await durable.askWith('HSET', long, all, large, 'x', 'y');
    await restart(durable);
    expect(Buffer.from(await durable.askWith('GET', all), 'latin1').equals(large)).toBe(true);
    expect(Buffer.from(await durable.askWith('HGET', long, all), 'latin1').equals(large)).toBe(true);
    expect(await durable.askWith('HGET', long, 'x')).toBe('y');
  });

  it('and their tokens, whether they had been requested or not, and the tokens lead to the keys', async () => {
    const durable = await started();
    await durable.ask('MSET asked 1 renamed 2 other 3');
    await durable.ask('HSET hash a 1');
    const tokens = new Map<string, string>();
    for (const name of ['asked', 'hash', 'renamed']) tokens.set(name, await durable.ask(`SESSION.OPEN ${name}`));
    await durable.ask('RENAME renamed now');
    await durable.ask('SET late v');
    await restart(durable);
    for (const [name, token] of tokens) {
      if (name === 'renamed') expect(await durable.ask(`SESSION.EXISTS ${token}`)).toBe('0');
      else expect(await durable.ask(`SESSION.OPEN ${name}`)).toBe(token);
    }
    expect(await durable.ask(`SESSION.GET ${tokens.get('hash')} a`)).toBe('1');
    const fresh = new Map<string, string>();
    for (const name of ['other', 'now', 'late']) fresh.set(name, await durable.ask(`SESSION.OPEN ${name}`));
    await restart(durable);
    // They are used before any client has requested them from this server.
    for (const [name, token] of fresh) {
      expect(await durable.ask(`SESSION.GET ${token} `)).toBe({ other: '3', now: '2', late: 'v' }[name]);
    }
    await durable.ask('DEL asked');
    await restart(durable);
    expect(await durable.ask(`SESSION.EXISTS ${tokens.get('asked')}`)).toBe('0');
    await durable.ask('SET asked again');
    await restart(durable);
    expect(await durable.ask(`SESSION.GET ${tokens.get('asked')} `)).toBe('again');
  });

  it('and the token of a deleted key with the session that chose it, and the data with the key', async () => {
    const durable = await started();
    await durable.ask('SET k v');
    const token = await durable.ask('SESSION.OPEN k');
    await durable.ask('DEL k');
    expect(await durable.ask(`SESSION.NEW rival TOKEN ${token} DATA a 1`)).toBe(token);
    await durable.ask('SET k w');
    await restart(durable);
    expect(await durable.ask('SESSION.OPEN k')).toBe('SESSIONEXISTS a session with this token already exists');
    expect(await durable.ask(`SESSION.GET ${token} a`)).toBe('1');
    expect(await durable.ask('GET k')).toBe('w');
    await durable.ask(`SESSION.END ${token}`);
    await restart(durable);
    expect(await durable.ask('GET k')).toBe('w');
    expect(await durable.ask('SESSION.OPEN k')).toBe(token);
  });

  it('and deadlines to within 2 ms, but not what has expired meanwhile', async () => {
    const durable = await started();
    const at = durable.clock.wall() + 100_000;
    await durable.ask(`SET a v PXAT ${at}`);
    await durable.ask(`SET b v PXAT ${at + 10_000}`);
    await durable.ask(`SESSION.NEW c 100 0 SHARED DATA f v`);
    for (let restarts = 0; restarts < 3; restarts++) {
      durable.clock.freeze(30_000);
      await restart(durable);
      expectAbout(Number(await durable.ask('PEXPIRETIME a')), at, 3 * 2);
    }
    durable.clock.freeze(10_000 + 3 * 2);
    await restart(durable);
    expect(await durable.ask('EXISTS a b c')).toBe('1');
    expect(await durable.ask('SESSION.EXISTS @c')).toBe('1');
    // It was a hash, and may now become anything. Its duration restarts.
    await durable.ask('SET c v KEEPTTL');
    await restart(durable);
    expect(await durable.ask('GET c')).toBe('v');
    expectAbout(Number(await durable.ask('PTTL c')), 100_000);
  });
});

function WRONGTYPE(): string {
  return 'WRONGTYPE Operation against a key holding the wrong kind of value';
}

function expectAbout(got: number, expected: number, late = 2): void {
  expect(got).toBeGreaterThanOrEqual(expected);
  expect(got).toBeLessThanOrEqual(expected + late);
}

const KEYS = ['a', 'b', 'c'];
const key = fc.constantFrom(...KEYS);
const value = fc.constantFrom('', '1', '17', 'text', 'x'.repeat(300));
const field = fc.constantFrom('', 'f', 'g');

/** Requests for a few keys. */
const requests = fc.array(
  fc.oneof(
    fc.tuple(fc.constant('SET'), key, value),
    fc.tuple(fc.constant('SET'), key, value, fc.constant('EX'), fc.constantFrom('10', '1000')),
    fc.tuple(fc.constant('SET'), key, value, fc.constant('KEEPTTL')),
    fc.tuple(fc.constantFrom('APPEND', 'GETSET', 'SETNX'), key, value),
    fc.tuple(
      fc.constantFrom('INCR', 'DECR', 'DEL', 'GETDEL', 'PERSIST', 'SESSION.OPEN', 'SESSION.ENDNAME', 'GET'),
      key,
    ),
    fc.tuple(fc.constant('SETRANGE'), key, fc.constantFrom('0', '3'), value),
    fc.tuple(fc.constantFrom('HSET', 'HSET', 'HSETNX'), key, field, value),
    fc.tuple(fc.constantFrom('HDEL', 'HDEL', 'HGET'), key, field),
    fc.tuple(fc.constant('HINCRBY'), key, field, fc.constantFrom('1', '-5')),
    fc.tuple(fc.constant('EXPIRE'), key, fc.constantFrom('0', '5', '500')),
    fc.tuple(fc.constantFrom('RENAME', 'RENAMENX', 'COPY'), key, key),
    fc.tuple(fc.constant('COPY'), key, key, fc.constant('REPLACE')),
    fc.tuple(fc.constant('MSET'), key, value, key, value),
    fc.tuple(
      fc.constant('SESSION.NEW'),
      key,
      fc.constantFrom('0', '20'),
      fc.constantFrom('0', '1'),
      fc.constant('SHARED'),
    ),
    fc.tuple(fc.constantFrom('pass'), fc.constantFrom('1', '4999', '10000')),
    fc.constantFrom(['MULTI'], ['EXEC'], ['compact'], ['FLUSHALL']),
  ),
  { maxLength: 40, size: 'max' },
);

it('whatever is done to keys, they are the same after a restart, tokens included', async () => {
  await fc.assert(
    fc.asyncProperty(requests, fc.boolean(), async (sequence, asksBefore) => {
      const durable = await started();
      for (const [word, ...rest] of sequence) {
        if (word === 'pass') durable.clock.freeze(Number(rest[0]));
        else if (word !== 'compact') await durable.askWith(word, ...rest);
        else {
          // In a transaction it would wait for EXEC.
          await durable.askWith('EXEC');
          await durable.compact();
        }
      }
      await durable.askWith('EXEC');
      const tokens = asksBefore ? await durable.seen(KEYS, true) : undefined;
      const before = await durable.seen(KEYS);
      await durable.restart();
      const after = await durable.seen(KEYS);
      const exactly = (seen: Record<string, unknown>) =>
        Object.fromEntries(
          Object.entries(seen).map(([name, one]) => [name, { ...(one as object), expires: undefined }]),
        );
      expect(exactly(after)).toEqual(exactly(before));
      for (const name of KEYS) {
        const [was, is] = [before[name], after[name]] as { expires: string }[];
        expectAbout(Number(is.expires), Number(was.expires), 4);
      }
      if (tokens !== undefined) expect(exactly(await durable.seen(KEYS, true))).toEqual(exactly(tokens));
      await durable.stop();
    }),
    { numRuns: 25 },
  );
});

describe.each([1, 2, 3])('a journal of version %i', (version) => {
  const TOKEN = 'AAECAwQFBgcICQoLDA0ODw';
  const SHARED = 'EBESExQVFhcYGRobHB0eHw';
  const slice = (text: string) => Slice.of(text);

  /** Writes a journal as that version did. The first version identified shared sessions only by their tokens. */
  function write(dir: string): void {
    const session = { duration: 0, deadline: 0, created: 1, maxAgeSeconds: 0, maxAgeEnd: 0 };
    const records = new RecordEncoder();
    const pair = [slice('a'), slice('1')];
    records.append('SESSION', { ...session, token: slice(TOKEN), name: slice('own'), flags: 1 }, pair);
    records.append('SESSION', { ...session, token: slice(SHARED), name: slice('menu'), flags: 3 }, pair);
    records.appendSet(slice(version === 1 ? SHARED : '@menu'), slice('b'), slice('2'));
    if (version > 1) {
      records.append('SESSION', { ...session, token: slice('@text'), name: slice('text'), flags: 19 });
      records.appendSet(slice('@text'), slice(''), slice('abc'));
    }
    records.append('SESSION', { ...session, token: slice(`${TOKEN.slice(0, -1)}Q`), name: slice('gone'), flags: 3 });
    records.append('GONE', { token: slice(`${TOKEN.slice(0, -1)}Q`) });
    writeJournal(dir, records, version);
  }

  it.each(ways)('is read and continued, %s', async (_, restart) => {
    const durable = new Durable();
    write(String(durable.config.dir));
    await durable.start();
    expect(await durable.ask('DBSIZE')).toBe(version === 1 ? '2' : '3');
    expect(await durable.ask('GET text')).toBe(version === 1 ? 'nil' : 'abc');
    expect(await durable.ask(`SESSION.GETALL ${TOKEN}`)).toBe('a 1');
    expect(await durable.ask('HGETALL menu')).toBe('a 1 b 2');
    // The session has the token that was stored.
    expect(await durable.ask('SESSION.OPEN menu')).toBe(SHARED);
    // A program of that version could not read the records that follow.
    const file = join(String(durable.config.dir), 'journal', 'increment.1');
    expect(readFileHeader(readFileSync(file), file)?.version).toBe(FORMAT_VERSION);
    await durable.ask('HSET menu c 3');
    await durable.ask('SET k v EX 100');
    await durable.ask('SET gone v');
    if (version > 1) await durable.ask('APPEND text d');
    for (let restarts = 0; restarts < 2; restarts++) {
      await restart(durable);
      expect(await durable.ask('HGETALL menu')).toBe('a 1 b 2 c 3');
      expect(await durable.ask('SESSION.OPEN menu')).toBe(SHARED);
      expect(await durable.ask('MGET k gone')).toBe('v v');
      if (version > 1) expect(await durable.ask('GET text')).toBe('abcd');
      expect(await durable.ask(`SESSION.GETALL ${TOKEN}`)).toBe('a 1');
    }
    await durable.ask('DEL menu');
    await restart(durable);
    expect(await durable.ask(`SESSION.EXISTS ${SHARED} @menu`)).toBe('0');
  });
});

it('a grace, a MAXAGE and a deadline that no server writes are cut to the maximum, and everything works', async () => {
  const [token, old] = ['AAECAwQFBgcICQoLDA0ODw', 'EBESExQVFhcYGRobHB0eHw'];
  const slice = (text: string) => Slice.of(text);
  const far = Number.MAX_SAFE_INTEGER;
  const records = new RecordEncoder();
  const fields = { duration: 5000, deadline: far, created: 1, maxAgeSeconds: 9, maxAgeEnd: far, flags: 5 };
  records.append('SESSION', { token: slice(token), name: slice('x'), ...fields });
  records.append('ALIAS', { token: slice(token), oldToken: slice(old), graceEnd: far });
  const durable = new Durable();
  writeJournal(String(durable.config.dir), records);
  await durable.start();
  expect(await durable.ask(`SESSION.PTTL ${old}`)).toBe('5000');
  const next = await durable.ask(`SESSION.ROTATE ${old} GRACE 100`);
  expect(await durable.ask(`SESSION.GET ${next} k`)).toBe('nil');
  expect(await durable.ask(`SESSION.SET ${old} k v`)).toBe('OK');
  await durable.compact();
  await durable.restart();
  for (const each of [next, token, old]) expect(await durable.ask(`SESSION.GET ${each} k`)).toBe('v');
});

it.each(ways)('sessions of one name created in the same millisecond keep their order, %s', async (_, restart) => {
  const durable = await started();
  const tokens: string[] = [];
  // Later sessions reuse the slots of those that end.
  for (let i = 0; i < 20; i++) {
    tokens.push(await durable.ask('SESSION.NEW x 0'));
    if (i % 3 === 2) await durable.ask(`SESSION.END ${tokens.shift()}`);
  }
  for (let restarts = 0; restarts < 2; restarts++) {
    await restart(durable);
    expect((await durable.ask('SESSION.TOKENS x')).split(' ')).toEqual(tokens);
  }
});

describe('SESSION.SAVE and SESSION.LOAD with keys', () => {
  it.each([
    ['the same secret', 'the secret of the first'],
    ['another secret', 'the secret of another'],
  ])('copy them to another server with %s', async (_, secret) => {
    const first = await started({ appendonly: false, secret: 'the secret of the first' });
    await first.ask('SET string v EX 100');
    await first.ask('SET empty ');
    await first.ask('HSET hash a 1 b 2');
    const large = Buffer.alloc(2 * 1024 * 1024 + 17, 'large');
    await first.askWith('SET', 'large', large);
    await first.askWith('HSET', 'largehash', 'a', large, '', 'b');
    await first.ask('SET asked v');
    const token = await first.ask('SESSION.OPEN asked');
    first.clock.freeze(60_000);
    expect(await first.ask('SESSION.SAVE keys')).toContain('sessions 6 keys 8');

    const second = await started({ ...first.config, secret });
    await second.ask('SET hash there');
    expect(await second.ask('SESSION.LOAD keys')).toBe('name keys sessions 5 keys 6 skipped 1 ended 0');
    expect(await second.seen(['string', 'empty', 'hash', 'asked'])).toEqual({
      string: { type: 'string', content: 'v', expires: String(second.clock.wall() + 100_000) },
      empty: { type: 'string', content: '', expires: '-1' },
      hash: { type: 'string', content: 'there', expires: '-1' },
      asked: { type: 'string', content: 'v', expires: '-1' },
    });
    expect(Buffer.from(await second.ask('GET large')).equals(large)).toBe(true);
    expect(Buffer.from(await second.ask('HGET largehash a')).equals(large)).toBe(true);
    expect(await second.ask('HGET largehash ')).toBe('b');
    // It follows from the name and the server's secret.
    const isSame = secret === first.config.secret;
    expect((await second.ask('SESSION.OPEN asked')) === token).toBe(isSame);
    expect(await second.ask(`SESSION.EXISTS ${token}`)).toBe(isSame ? '1' : '0');
    expect(await second.ask('APPEND large x')).toBe(String(large.length + 1));
    expect(await second.ask('SESSION.LOAD keys')).toBe('name keys sessions 0 keys 0 skipped 6 ended 0');
  });

  it('keep sets and sorted sets, however large they are', async () => {
    const first = await started();
    const members = Array.from({ length: 40_000 }, (_, i) => `member:${i}`);
    for (let at = 0; at < members.length; at += 10_000) {
      const part = members.slice(at, at + 10_000);
      await first.ask(`SADD large-set ${part.join(' ')}`);
      await first.ask(`ZADD large-zset ${part.map((member, i) => `${i % 100} ${member}`).join(' ')}`);
    }
    await first.ask('SADD set a b');
    await first.ask('ZADD zset 2.5 a 1 b');
    await first.ask('EXPIRE set 100');
    expect(await first.ask('SESSION.SAVE sets')).toContain('sessions 4');

    await first.stop();
    const second = await started(first.config);
    await second.ask('FLUSHALL');
    expect(await second.ask('SESSION.LOAD sets')).toContain('sessions 4');
    for (const durable of [second, await restarted(second)]) {
      expect(await durable.ask('SMEMBERS set')).toBe('a b');
      expect(await durable.ask('TTL set')).toBe('100');
      expect(await durable.ask('ZRANGE zset 0 -1 WITHSCORES')).toBe('b 1 a 2.5');
      expect(await durable.ask('SCARD large-set')).toBe('40000');
      expect(await durable.ask('SISMEMBER large-set member:39999')).toBe('1');
      expect(await durable.ask('ZCOUNT large-zset 10 19')).toBe('4000');
      expect(await durable.ask('ZRANK large-zset member:1')).toBe('400');
      expect(await durable.ask('ZRANGE large-zset -1 -1')).toBe('member:9999');
      expect(await durable.ask('TYPE large-zset')).toBe('zset');
    }
  });

  it('copy some of them, by their names', async () => {
    const first = await started({ appendonly: false });
    await first.ask('MSET a 1 b 2 c 3');
    expect(await first.ask('SESSION.SAVE some @a @c')).toContain('sessions 2 keys 2');
    await first.ask('FLUSHALL');
    await first.ask('SESSION.LOAD some');
    expect(await first.ask('MGET a b c')).toBe('1 nil 3');
  });
});

it('keys whose tokens nobody has requested keep their data when the secret changes', async () => {
  const durable = await started({ secret: 'the secret before it' });
  await durable.ask('SET k v');
  await durable.restart({ secret: 'the secret after it' });
  expect(await durable.ask('GET k')).toBe('v');
  const token = await durable.ask('SESSION.OPEN k');
  await durable.ask('DEL k');
  await durable.ask('SET k w');
  expect(await durable.ask(`SESSION.GET ${token} `)).toBe('w');
});

it.each([
  ['', false],
  [', with a compaction meanwhile', true],
])(
  'FLUSHALL of many is one record in the journal, even if a restart comes before they are freed%s',
  async (_, compacts) => {
    const durable = new Durable();
    await durable.start();
    const many = Array.from({ length: 1000 }, (_, i) => [`key:${i}`, 'before']).flat();
    await durable.askWith('MSET', ...many);
    if (compacts) await durable.ask('BGREWRITEAOF');
    await durable.ask('FLUSHALL');
    await durable.ask('SET key:7 after');
    if (compacts) await durable.compact();
    await durable.restart();
    expect(await durable.ask('KEYS *')).toBe('key:7');
    expect(await durable.ask('GET key:7')).toBe('after');
    if (compacts) return;
    const records = (await batchesIn(String(durable.config.dir))).flat();
    expect(records.filter((name) => name === 'FLUSH' || name === 'GONE')).toEqual(['FLUSH']);
  },
);
