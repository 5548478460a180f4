// @fastify/rate-limit, which counts in scripts: with a window, one that begins anew, and one that grows.
import { deepEqual, equal } from 'node:assert/strict';
import rateLimit from '@fastify/rate-limit';
import fastify from 'fastify';
import { Redis } from 'ioredis';

const WINDOW = 600_000;
const redis = new Redis(Number(process.argv[2]), { db: 8 });
const site = fastify();
await site.register(rateLimit, { max: 2, timeWindow: WINDOW, redis, nameSpace: 'limit:' });
const routes = { '/': {}, '/again': { continueExceeding: true }, '/longer': { exponentialBackoff: true } };
for (const [path, options] of Object.entries(routes)) {
  site.get(path, { config: { rateLimit: { max: 2, timeWindow: WINDOW, ...options } } }, async () => 'welcome');
}

async function visit(path, times) {
  const statuses = [];
  for (let i = 0; i < times; i++) statuses.push((await site.inject(path)).statusCode);
  return statuses;
}
for (const path of Object.keys(routes)) deepEqual(await visit(path, 5), [200, 200, 429, 429, 429]);
const { headers } = await site.inject('/');
equal(headers['x-ratelimit-remaining'], '0');
equal(Number(headers['retry-after']) > 500, true);

const keys = (await redis.keys('limit:*')).sort();
equal(keys.length, 3);
const [first, again, longer] = await Promise.all(keys.map((key) => redis.pttl(key)));
deepEqual(await redis.mget(...keys), ['6', '5', '5']);
equal(first > WINDOW - 60_000 && first <= WINDOW && again >= first && again <= WINDOW, true);
// Twice as long with each visit too many.
equal(longer > 3 * WINDOW && longer <= 4 * WINDOW, true);
await site.close();
await redis.flushdb();
redis.disconnect();
console.log('done');
