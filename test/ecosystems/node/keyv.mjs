// Keyv over @keyv/redis and over @keyv/valkey, which keeps its keys in a set.
import { deepEqual, equal } from 'node:assert/strict';
import KeyvRedis from '@keyv/redis';
import KeyvValkey from '@keyv/valkey';
import { Keyv } from 'keyv';

const url = `redis://127.0.0.1:${process.argv[2]}/5`;
const client = { url, socket: { connectTimeout: 60_000 } };
const stores = [() => new KeyvRedis(client), () => new KeyvValkey(url, { connectTimeout: 60_000 })];
for (const open of stores) {
  const keyv = new Keyv({ store: open(), namespace: 'shop', throwOnErrors: true });
  const other = new Keyv({ store: open(), namespace: 'other', throwOnErrors: true });
  equal(await keyv.set('cart', { pizza: 2 }, 600_000), true);
  deepEqual(await keyv.get('cart'), { pizza: 2 });
  deepEqual(await keyv.getMany(['cart', 'none']), [{ pizza: 2 }, undefined]);
  equal(await keyv.has('cart'), true);
  await keyv.set('menu', 'pizza');
  await other.set('menu', 'cola');
  const found = [];
  for await (const [key] of keyv.iterator()) found.push(key);
  deepEqual(found.map((key) => key.split(':').at(-1)).sort(), ['cart', 'menu']);
  equal(await keyv.delete('cart'), true);
  equal(await keyv.delete('cart'), false);
  await keyv.clear();
  equal(await keyv.get('menu'), undefined);
  equal(await other.get('menu'), 'cola');
  await other.clear();
  await keyv.disconnect();
  await other.disconnect();
}
console.log('done');
