// iovalkey: pipelines, transactions, a script with a name of its own, messages.
import { deepEqual, equal } from 'node:assert/strict';
import { once } from 'node:events';
import { Redis } from 'iovalkey';

const port = Number(process.argv[2]);
const redis = new Redis(port, { db: 11, keyPrefix: 'app:' });
equal(await redis.set('cart', 'pizza', 'EX', 600, 'NX'), 'OK');
deepEqual(await redis.pipeline().get('cart').ttl('none').exec(), [
  [null, 'pizza'],
  [null, -2],
]);
deepEqual(await redis.multi().hset('user', { name: 'Anne' }).hgetall('user').exec(), [
  [null, 1],
  [null, { name: 'Anne' }],
]);
redis.defineCommand('take', {
  numberOfKeys: 1,
  lua: "local value = redis.call('GET', KEYS[1]) redis.call('DEL', KEYS[1]) return {value, ARGV[1]}",
});
deepEqual(await redis.take('cart', 'now'), ['pizza', 'now']);
deepEqual(await redis.take('cart', 'now'), [null, 'now']);
const found = [];
for await (const keys of redis.scanStream({ match: 'app:*' })) found.push(...keys);
deepEqual(found, ['app:user']);
const subscriber = new Redis(port);
await subscriber.psubscribe('ne*');
const message = once(subscriber, 'pmessage');
equal(await redis.publish('news', 'read all about it'), 1);
deepEqual(await message, ['ne*', 'news', 'read all about it']);
await redis.flushdb();
redis.disconnect();
subscriber.disconnect();
console.log('done');
