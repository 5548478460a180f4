// redlock: a lock that only its owner can extend and release.
import { equal } from 'node:assert/strict';
import { Redis } from 'ioredis';
import Redlock from 'redlock';

const redis = new Redis(Number(process.argv[2]), { db: 10 });
const redlock = new Redlock([redis], { retryCount: 0 });
const lock = await redlock.lock('order:1', 600_000);
const isRefused = (promise) =>
  promise.then(
    () => false,
    () => true,
  );
equal(await isRefused(redlock.lock('order:1', 600_000)), true);
const extended = await lock.extend(600_000);
equal((await redis.pttl('order:1')) > 500_000, true);
await extended.unlock();
equal(await redis.exists('order:1'), 0);
const other = await redlock.lock('order:1', 600_000);
equal(await isRefused(lock.unlock()), true);
equal(await redis.exists('order:1'), 1);
await other.unlock();

// A counter that many add to, one at a time.
const patient = new Redlock([redis], { retryCount: -1, retryDelay: 1, retryJitter: 5 });
await Promise.all(
  Array.from({ length: 20 }, async () => {
    const held = await patient.lock('counter', 600_000);
    await redis.set('count', Number(await redis.get('count')) + 1);
    await held.unlock();
  }),
);
equal(await redis.get('count'), '20');
await redis.flushdb();
redis.disconnect();
console.log('done');
