// unstorage, which Nitro and Nuxt keep their sessions in.
import { deepEqual, equal } from 'node:assert/strict';
import { createStorage } from 'unstorage';
import redisDriver from 'unstorage/drivers/redis';

const storage = createStorage({
  driver: redisDriver({ base: 'nuxt', host: '127.0.0.1', port: Number(process.argv[2]), db: 6, ttl: 600 }),
});
await storage.setItem('session:abc', { user: 42 });
deepEqual(await storage.getItem('session:abc'), { user: 42 });
equal(await storage.hasItem('session:none'), false);
await storage.setItems([
  { key: 'session:d', value: 1 },
  { key: 'menu', value: 'pizza' },
]);
deepEqual((await storage.getKeys('session')).sort(), ['session:abc', 'session:d']);
await storage.setItemRaw('bytes', Buffer.from([0, 255, 128]));
await storage.removeItem('session:abc');
equal(await storage.hasItem('session:abc'), false);
await storage.clear();
deepEqual(await storage.getKeys(), []);
await storage.dispose();
console.log('done');
