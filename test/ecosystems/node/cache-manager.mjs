// cache-manager with @keyv/redis: a cache in front of something slow.
import { deepEqual, equal } from 'node:assert/strict';
import KeyvRedis from '@keyv/redis';
import { createCache } from 'cache-manager';
import { Keyv } from 'keyv';

const url = `redis://127.0.0.1:${process.argv[2]}/7`;
const store = new KeyvRedis({ url, socket: { connectTimeout: 60_000 } });
const cache = createCache({ stores: [new Keyv({ store, throwOnErrors: true })], ttl: 600_000 });
let asked = 0;
const slow = async () => `pizza ${++asked}`;
equal(await cache.wrap('menu', slow), 'pizza 1');
equal(await cache.wrap('menu', slow), 'pizza 1');
await cache.mset([
  { key: 'a', value: 1 },
  { key: 'b', value: 2, ttl: 60_000 },
]);
deepEqual(await cache.mget(['a', 'b', 'none']), [1, 2, undefined]);
await cache.del('menu');
equal(await cache.wrap('menu', slow), 'pizza 2');
await cache.mdel(['a', 'b']);
equal(await cache.get('a'), undefined);
await cache.clear();
equal(await cache.get('menu'), undefined);
await cache.disconnect();
console.log('done');
