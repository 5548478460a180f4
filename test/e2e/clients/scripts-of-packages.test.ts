import { Redis } from 'ioredis';
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

/** What packages send that cannot be installed here; test/ecosystems runs the others themselves. */
const SENT: readonly Sent[] = [
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
});
