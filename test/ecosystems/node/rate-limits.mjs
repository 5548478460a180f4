// Rate limits that count in scripts: rate-limiter-flexible and rate-limit-redis.
import { deepEqual, equal } from 'node:assert/strict';
import { Redis } from 'ioredis';
import { RedisStore } from 'rate-limit-redis';
import { RateLimiterRedis } from 'rate-limiter-flexible';

const redis = new Redis(Number(process.argv[2]), { db: 9 });

const limiter = new RateLimiterRedis({ storeClient: redis, points: 3, duration: 600, blockDuration: 600 });
deepEqual([(await limiter.consume('a')).remainingPoints, (await limiter.consume('a', 2)).remainingPoints], [2, 0]);
const refused = await limiter.consume('a').catch((refusal) => refusal);
equal(refused.consumedPoints, 4);
equal(refused.msBeforeNext > 500_000, true);
equal((await limiter.get('a')).consumedPoints, 4);
equal((await limiter.reward('a', 4)).consumedPoints, 0);
equal(await limiter.delete('a'), true);

const store = new RedisStore({ sendCommand: (command, ...args) => redis.call(command, ...args), prefix: 'limit:' });
store.init({ windowMs: 600_000 });
equal((await store.increment('b')).totalHits, 1);
const { totalHits, resetTime } = await store.increment('b');
equal(totalHits, 2);
equal(resetTime.getTime() > Date.now() + 500_000, true);
await store.decrement('b');
equal((await store.get('b')).totalHits, 1);
await store.resetKey('b');
equal(await redis.exists('limit:b'), 0);
await redis.flushdb();
redis.disconnect();
console.log('done');
