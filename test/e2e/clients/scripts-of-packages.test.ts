import { Redis } from 'ioredis';
import { RedisStore } from 'rate-limit-redis';
import { RateLimiterRedis } from 'rate-limiter-flexible';
// @ts-expect-error its package.json does not say where its types are
import Redlock from 'redlock';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Server } from '../../../src/index.js';
import { startServer, stopServers } from '../../embedded-server.js';
import { RedisServer } from '../../tools/redis-server.js';

/** A script as a package sends it, with its keys and arguments, and what it is called for. */
interface Sent {
  readonly what: string;
  readonly before?: readonly string[];
  readonly script: string;
  readonly keys: readonly string[];
  readonly args?: readonly (string | number)[];
}

/** What libraries of other languages send. */
const SENT: readonly Sent[] = [
  ...[
    ['lock', 'mine'],
    ['lock', 'other'],
  ].map(([key, value]) => ({
    what: `phpredis, Laravel, django-redis: release of a lock by ${value}`,
    before: ['SET', 'lock', 'mine', 'NX', 'PX', '60000'],
    script: 'if redis.call("get",KEYS[1]) == ARGV[1] then\n  return redis.call("del",KEYS[1])\nelse\n  return 0\nend',
    keys: [key],
    args: [value],
  })),
  {
    what: 'Laravel: add',
    script: "return redis.call('exists',KEYS[1])<1 and redis.call('setex',KEYS[1],ARGV[2],ARGV[1])",
    keys: ['cache:key'],
    args: ['value', 60],
  },
  {
    what: 'Laravel: add, if the key is there',
    before: ['SET', 'cache:key', 'old'],
    script: "return redis.call('exists',KEYS[1])<1 and redis.call('setex',KEYS[1],ARGV[2],ARGV[1])",
    keys: ['cache:key'],
    args: ['value', 60],
  },
  {
    what: 'better-auth: increment',
    script:
      'local value = redis.call("INCR", KEYS[1])\nif value == 1 then\n  redis.call("PEXPIRE", KEYS[1], ARGV[1])\nend\nreturn value',
    keys: ['rate:1'],
    args: [60_000],
  },
  ...['mine', 'other'].map((token) => ({
    what: `redis-py: Lock.reacquire and extend by ${token}`,
    before: ['SET', 'lock', 'mine', 'PX', '60000'],
    script:
      "local token = redis.call('get', KEYS[1])\nif not token or token ~= ARGV[1] then\n return 0\nend\nlocal expiration = redis.call('pttl', KEYS[1])\nif not expiration then\n expiration = 0\nend\nif expiration < 0 then\n return 0\nend\nlocal newttl = ARGV[2]\nif ARGV[3] == \"0\" then\n newttl = ARGV[2] + expiration\nend\nredis.call('pexpire', KEYS[1], newttl)\nreturn 1",
    keys: ['lock'],
    args: [token, 5000, '0'],
  })),
  ...[undefined, ['SET', '{app_id}_Write_Lock', 'other']].map((before) => ({
    what: `ASP.NET session state: take the write lock${before === undefined ? '' : ', which another has'}`,
    ...(before && { before }),
    script:
      "local retArray = {}\nlocal lockValue = ARGV[1]\nlocal locked = redis.call('SETNX',KEYS[1],ARGV[1])\nlocal IsLocked = true\nif locked == 0 then\n lockValue = redis.call('GET',KEYS[1])\nelse\n redis.call('EXPIRE',KEYS[1],ARGV[2])\n IsLocked = false\nend\nretArray[1] = lockValue\nif lockValue == ARGV[1] then retArray[2] = redis.call('HGETALL',KEYS[2]) else retArray[2] = '' end\nlocal SessionTimeout = redis.call('HGET', KEYS[3], 'SessionTimeout')\nif SessionTimeout ~= false then\n retArray[3] = SessionTimeout\n redis.call('EXPIRE',KEYS[2], SessionTimeout)\n redis.call('EXPIRE',KEYS[3], SessionTimeout)\nelse\n retArray[3] = '-1'\nend\nretArray[4] = IsLocked\nreturn retArray",
    keys: ['{app_id}_Write_Lock', '{app_id}_Data', '{app_id}_Internal'],
    args: ['lock-1', 110],
  })),
];

describe.skipIf(!RedisServer.there)('the scripts of packages do on respite what they do on Redis', () => {
  let redis: RedisServer;
  let server: Server;
  const clients: Redis[] = [];

  beforeAll(async () => {
    redis = await RedisServer.startRedis();
    server = await startServer();
    for (const port of [redis.port, server.addresses[0].port]) clients.push(new Redis(port));
  }, 120_000);

  afterAll(async () => {
    for (const client of clients) client.disconnect();
    await stopServers();
    await redis.stop();
  });

  /** Does something with each server. Returns what came of it. */
  async function onBoth<Result>(act: (client: Redis) => Promise<Result>): Promise<readonly [Result, Result]> {
    const results: Result[] = [];
    for (const client of clients) {
      await client.flushall();
      results.push(await act(client));
    }
    return [results[0], results[1]];
  }

  it.each(SENT)('$what', async ({ before, script, keys, args = [] }) => {
    const [theirs, ours] = await onBoth(async (client) => {
      if (before !== undefined) await client.call(before[0], ...before.slice(1));
      const reply = await client.eval(script, keys.length, ...keys, ...args);
      const left = await Promise.all(keys.map((key) => client.exists(key)));
      const ttls = await Promise.all(keys.map(async (key) => Math.ceil((await client.pttl(key)) / 1000)));
      return { reply, left, ttls };
    });
    expect(ours).toEqual(theirs);
  });

  it('redlock', async () => {
    const [theirs, ours] = await onBoth(async (client) => {
      const redlock = new Redlock([client], { retryCount: 0 });
      const lock = await redlock.acquire(['a', 'b'], 60_000);
      const second = await redlock.acquire(['b'], 60_000).then(
        () => 'acquired',
        ({ name }: Error) => name,
      );
      const extended = await lock.extend(90_000);
      await extended.release();
      const third = await redlock.acquire(['b'], 60_000);
      return [second, await client.exists('a', 'b'), third.value.length];
    });
    expect(ours).toEqual(theirs);
    expect(ours[0]).toBe('ExecutionError');
  });

  it('rate-limiter-flexible', async () => {
    const [theirs, ours] = await onBoth(async (client) => {
      const limiter = new RateLimiterRedis({ storeClient: client, points: 2, duration: 60 });
      const consume = () =>
        limiter.consume('ip').then(
          ({ consumedPoints, remainingPoints }) => [consumedPoints, remainingPoints],
          ({ consumedPoints }: { consumedPoints: number }) => ['refused', consumedPoints],
        );
      return [await consume(), await consume(), await consume(), await limiter.delete('ip'), await consume()];
    });
    expect(ours).toEqual(theirs);
    expect(ours[2]).toEqual(['refused', 3]);
  });

  it('rate-limit-redis, the store of express-rate-limit', async () => {
    const [theirs, ours] = await onBoth(async (client) => {
      const store = new RedisStore({
        sendCommand: (name: string, ...args: string[]) => client.call(name, ...args) as never,
      });
      store.init({ windowMs: 60_000 } as never);
      const first = await store.increment('ip');
      const second = await store.increment('ip');
      await store.decrement('ip');
      const third = await store.get('ip');
      await store.resetKey('ip');
      return [first.totalHits, second.totalHits, third?.totalHits, (await store.increment('ip')).totalHits];
    });
    expect(ours).toEqual(theirs);
    expect(ours).toEqual([1, 2, 1, 1]);
  });
});
