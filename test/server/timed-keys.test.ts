import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Config } from '../../src/index.js';
import { batchPrefix, encodeFileHeader, newFileId } from '../../src/journal/frames.js';
import { encodeManifest } from '../../src/journal/manifest.js';
import { RecordEncoder } from '../../src/journal/record-encoder.js';
import { Slice } from '../../src/slice.js';
import { connectTo, keepLog, startServer, stopServers } from '../embedded-server.js';
import { temporaryDirectory } from '../journal/temporary-directory.js';
import type { RawClient } from '../raw-client.js';
import { ask, askWith, infoNumber } from './ask.js';
import { StandingClock } from './held-disk.js';
import { subscribe } from './subscribe.js';

const clock = new StandingClock();

afterEach(async () => {
  clock.msPerLook = 0;
  await stopServers();
});

async function start(config: Partial<Config> = {}) {
  const log = keepLog();
  const server = await startServer(config, { clock, log });
  return { server, log, client: await connectTo(server) };
}

/** Files round times up by a millisecond or two. */
function expectAbout(left: string, ms: number): void {
  expect(Number(left)).toBeGreaterThanOrEqual(ms);
  expect(Number(left)).toBeLessThanOrEqual(ms + 3);
}

const left = (client: RawClient, token: string, key: string) => ask(client, `SESSION.KEYPTTL ${token} ${key}`);

describe('keys with durations of their own', () => {
  it.each(['as it was recorded', 'after BGREWRITEAOF'])('are the same after a restart, %s', async (way) => {
    const config = { appendonly: true, appendfsync: 'no' as const, dir: temporaryDirectory() };
    const first = await start(config);
    const token = await ask(first.client, 'SESSION.NEW user:1 1000 DATA cart pizza');
    await ask(first.client, `SESSION.PSETEX ${token} 60000 code 1234 attempts 3 soon x`);
    await ask(first.client, `SESSION.INCRBY ${token} attempts -1`);
    await ask(first.client, `SESSION.APPEND ${token} code 5`);
    await ask(first.client, `SESSION.PSETEX ${token} 3000 soon x`);
    await ask(first.client, `SESSION.SET ${token} attempts2 1`);
    await ask(first.client, `SESSION.PSETEX ${token} 60000 kept x`);
    await ask(first.client, `SESSION.KEYPERSIST ${token} kept`);
    await ask(first.client, 'HSET hash a 1 b 2');
    await ask(first.client, 'HPEXPIRE hash 60000 FIELDS 1 a');
    await ask(first.client, 'HSET gone a 1');
    await ask(first.client, 'HPEXPIRE gone 3000 FIELDS 1 a');
    await ask(first.client, 'COPY hash copy');
    if (way === 'after BGREWRITEAOF') {
      await ask(first.client, 'BGREWRITEAOF');
      while (!first.log.lines.some((line) => line.startsWith('compacted'))) await new Promise(setImmediate);
    }
    await ask(first.client, 'RENAME hash renamed');
    await first.server.close();
    clock.freeze(10_000);
    const { client, server } = await start(config);
    expect(await ask(client, `SESSION.MGET ${token} cart code attempts soon kept`)).toBe('pizza 12345 2 nil x');
    for (const key of ['code', 'attempts']) expectAbout(await left(client, token, key), 50_000);
    expect(await left(client, token, 'kept')).toBe('-1');
    expect(await ask(client, 'EXISTS gone hash')).toBe('0');
    for (const name of ['renamed', 'copy']) {
      expectAbout(await ask(client, `HPTTL ${name} FIELDS 1 a`), 50_000);
      expect(await ask(client, `HPTTL ${name} FIELDS 1 b`)).toBe('-1');
    }
    // What expires is recorded, too.
    clock.advance(50_010);
    expect(await ask(client, 'HGETALL renamed')).toBe('b 2');
    await server.close();
    const third = await start(config);
    expect(await ask(third.client, `SESSION.KEYS ${token}`)).toBe('cart attempts2 kept');
    expect(third.server.engine.stats()).toMatchObject({ keysExpired: 0, timedKeys: 0 });
  });

  it.each([
    ['small', 'x'],
    ['large', 'x'.repeat(2 * 1024 * 1024)],
  ])('keep their deadlines in a data set, in a %s session', async (_, value) => {
    const dir = temporaryDirectory();
    const { client } = await start({ dir, appendonly: true });
    const token = await ask(client, 'SESSION.NEW user:1 1000');
    await askWith(client, 'SESSION.SET', token, 'value', value);
    await ask(client, `SESSION.PSETEX ${token} 5000 soon 1`);
    await ask(client, `SESSION.PSETEX ${token} 60000 code 1234`);
    await askWith(client, 'SESSION.PSETEX', token, '60000', 'long', value);
    await ask(client, 'SESSION.SAVE s');
    await ask(client, 'SESSION.ENDALL');
    clock.advance(10_000);
    for (const restart of ['', ' RESTART']) {
      expect(await ask(client, `SESSION.LOAD s${restart}`)).toContain('sessions 1');
      expect(await ask(client, `SESSION.MGET ${token} soon code`)).toBe('nil 1234');
      expect(await left(client, token, 'value')).toBe('-1');
      for (const key of ['code', 'long']) expectAbout(await left(client, token, key), 50_000);
      if (restart === '') await ask(client, 'SESSION.ENDALL');
    }
    await stopServers();
    const again = await start({ dir, appendonly: true });
    expectAbout(await left(again.client, token, 'code'), 50_000);
    clock.advance(50_010);
    expect(await ask(again.client, `SESSION.KEYS ${token}`)).toBe('value');
  });

  it('may be due by the thousand at once: others are served, and nobody sees one', async () => {
    const { client, server } = await start();
    const count = 20_000;
    const session = server.engine.create(Slice.of('cart'), { shared: true });
    const fields = Array.from({ length: count }, (_, i) => Slice.of(`f${i}`));
    for (const field of fields) server.engine.data.set(session, [field, Slice.of('v')]);
    await ask(client, 'HSET cart stays 1');
    for (const field of fields) server.engine.data.setKeyDeadline(session, field, server.engine.now + 1000);
    clock.freeze(1000);
    // From now on, slices end.
    clock.msPerLook = 0.1;
    expect(await ask(client, 'HLEN cart')).toBe('1');
    expect(server.engine.stats().timedKeys).toBeGreaterThan(count / 2);
    expect(await ask(client, 'HMGET cart f17777 stays')).toBe('nil 1');
    expect(await ask(client, 'HGETALL cart')).toBe('stays 1');
    expect(await ask(client, 'HRANDFIELD cart 5')).toBe('stays');
    expect(await ask(client, 'HSET cart f5 new')).toBe('1');
    while (server.engine.stats().timedKeys > 0) await ask(client, 'PING');
    expect(await ask(client, 'HLEN cart')).toBe('2');
    expect(await ask(client, 'HMGET cart stays f5')).toBe('1 new');
    expect(server.engine.stats()).toMatchObject({ keys: 2, keysExpired: count });
  });

  it('expire on time while clients are paused', async () => {
    const { client, server } = await start();
    const token = await ask(client, 'SESSION.NEW user:1 1000');
    await ask(client, `SESSION.PSETEX ${token} 1000 code 1234`);
    await ask(client, 'CLIENT PAUSE 100000 WRITE');
    clock.advance(1010);
    expect(server.engine.stats().keysExpired).toBe(1);
    await ask(client, 'CLIENT UNPAUSE');
  });

  it('are counted as memory, and evicted with their sessions', async () => {
    const { client, server } = await start();
    const token = await ask(client, 'SESSION.NEW user:1 1000 DATA code 1234');
    const before = Number(await ask(client, `MEMORY USAGE ${token}`));
    const used = server.engine.memory;
    await ask(client, `SESSION.PSETEX ${token} 5000 code 1234`);
    const more = Number(await ask(client, `MEMORY USAGE ${token}`)) - before;
    expect(more).toBeGreaterThan(20);
    expect(more).toBeLessThan(80);
    expect(server.engine.memory - used).toBe(more);
    expect(await infoNumber(client, 'session_timed_keys')).toBe(1);
    await ask(client, 'CONFIG SET maxmemory-policy allsessions-lru maxmemory 1mb');
    for (let i = 0; i < 6000; i++) {
      const session = server.engine.create(Slice.of('x'), { data: [Slice.of('k'), Slice.of('v'.repeat(50))] });
      server.engine.data.setKeyDeadline(session, Slice.of('k'), server.engine.now + 500_000);
      if (i % 100 === 0) await ask(client, 'SESSION.NEW y');
    }
    await ask(client, 'SESSION.NEW y');
    const { sessionsWithTimedKeys, evicted } = server.engine.stats();
    expect(evicted).toBeGreaterThan(0);
    expect(sessionsWithTimedKeys).toBeLessThan(6000);
  });
});

describe('the messages about expired keys', () => {
  /** Returns the data messages about the keys of a session that expire together. */
  async function messagesOf(...pairs: (string | Buffer)[]) {
    const { client, server } = await start({ 'event-data-max-bytes': 4096 });
    const heard = await subscribe(await connectTo(server), client, '__session*:keyexpired:*');
    const token = await ask(client, 'SESSION.NEW user:1');
    await askWith(client, 'SESSION.PSETEX', token, '1000', ...pairs);
    clock.advance(1010);
    const messages = await heard();
    const about = { event: 'keyexpired', name: 'user:1', token };
    const created = Number(/"created":(\d+)/.exec(messages.join())?.[1]);
    expect(messages.filter((message) => message.startsWith('__session__'))).toEqual(
      Array.from({ length: pairs.length / 2 }, () => `__session__:keyexpired:user:1 ${token}`),
    );
    return messages.flatMap((message) => {
      if (!message.startsWith('__sessiondata__:keyexpired:user:1 ')) return [];
      const { at, ...json } = JSON.parse(message.slice('__sessiondata__:keyexpired:user:1 '.length));
      // A tick of the wheel takes 10 ms.
      expect(clock.wall() - at).toBeLessThanOrEqual(10);
      expect(json).toMatchObject({ ...about, created });
      const { event: _, name: __, token: ___, created: ____, ...rest } = json;
      return [rest];
    });
  }

  it('have the key and its value, whatever bytes they are', async () => {
    const messages = await messagesOf('code', '"12"\n', Buffer.from([0xff]), Buffer.from([0xfe]), '', '');
    expect(messages).toHaveLength(3);
    expect(messages).toContainEqual({ key: 'code', value: '"12"\n' });
    expect(messages).toContainEqual({ key: { base64: '/w==' }, value: { base64: '/g==' } });
    expect(messages).toContainEqual({ key: '', value: '' });
  });

  it('have the length of the value if it does not fit, and the key if it fits', async () => {
    const messages = await messagesOf('long', 'x'.repeat(4000), 'escaped', '\0'.repeat(1000), 'k'.repeat(5000), 'v');
    expect(messages).toHaveLength(3);
    expect(messages).toContainEqual({ key: 'long', truncated: true, size: 4000 });
    expect(messages).toContainEqual({ key: 'escaped', truncated: true, size: 1000 });
    expect(messages).toContainEqual({ truncated: true, size: 1 });
  });
});

it.each([
  ['a set', 35],
  ['a string', 19],
])('a journal in which a member of %s has a deadline is refused', async (_, flags) => {
  const dir = temporaryDirectory();
  const journal = join(dir, 'journal');
  const records = new RecordEncoder();
  const [token, key] = [Slice.of('@key'), Slice.of('')];
  const times = { duration: 0, deadline: 0, created: 1, maxAgeSeconds: 0, maxAgeEnd: 0 };
  records.append('SESSION', { ...times, token, name: Slice.of('key'), flags }, [key, Slice.of('')]);
  records.append('KEYDEADLINE', { token, key, deadline: clock.wall() + 5000 });
  const id = newFileId();
  mkdirSync(journal);
  writeFileSync(
    join(journal, 'increment.1'),
    Buffer.concat([encodeFileHeader(id), records.takeBatch(batchPrefix(id))]),
  );
  const manifest = encodeManifest({ base: undefined, increments: ['increment.1'], clockAhead: 0 });
  writeFileSync(join(journal, 'manifest'), manifest);
  await expect(startServer({ dir, appendonly: true }, { clock })).rejects.toThrow('not a hash');
});
