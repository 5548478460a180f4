// valkey-glide itself: both protocols, transactions, scripts, messages and a scan.
import { deepEqual, equal } from 'node:assert/strict';
import { Batch, GlideClient, GlideClientConfiguration, ProtocolVersion, Script } from '@valkey/valkey-glide';

const port = Number(process.argv[2]);
const options = (protocol) => ({
  addresses: [{ host: '127.0.0.1', port }],
  protocol,
  databaseId: 4,
  clientName: 'shop',
  requestTimeout: 60_000,
  advancedConfiguration: { connectionTimeout: 60_000 },
});

for (const protocol of [ProtocolVersion.RESP2, ProtocolVersion.RESP3]) {
  const client = await GlideClient.createClient(options(protocol));
  equal(await client.set('cart', 'pizza', { expiry: { type: 'EX', count: 600 } }), 'OK');
  equal(await client.get('cart'), 'pizza');
  equal((await client.ttl('cart')) > 500, true);
  equal(await client.hset('user', { name: 'Anne', age: '42' }), 2);
  deepEqual(await client.hmget('user', ['name', 'none']), ['Anne', null]);
  deepEqual(await client.exec(new Batch(true).set('n', '1').incrBy('n', 41).get('n'), true), ['OK', 42, '42']);
  equal(
    await client.invokeScript(
      new Script("if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end"),
      { keys: ['n'], args: ['42'] },
    ),
    1,
  );
  equal(await client.sadd('set', ['a', 'b']), 2);
  equal(await client.zadd('scores', { a: 2, b: 1 }), 2);
  deepEqual(await client.zrange('scores', { start: 0, end: -1 }), ['b', 'a']);
  const [cursor, keys] = await client.scan('0', { count: 100 });
  deepEqual([cursor, keys.sort()], ['0', ['cart', 'scores', 'set', 'user']]);
  equal((await client.info()).includes('role:master'), true);
  equal(await client.flushdb(), 'OK');
  client.close();
}
// It subscribes with RESP3 only.
let heard;
const message = new Promise((resolve) => {
  heard = resolve;
});
const subscriber = await GlideClient.createClient({
  ...options(ProtocolVersion.RESP3),
  pubsubSubscriptions: {
    channelsAndPatterns: { [GlideClientConfiguration.PubSubChannelModes.Exact]: new Set(['news']) },
    callback: ({ message: text }) => heard(text),
  },
});
const publisher = await GlideClient.createClient(options(ProtocolVersion.RESP3));
equal(await publisher.publish('read all about it', 'news'), 1);
equal(await message, 'read all about it');
publisher.close();
subscriber.close();
console.log('done');
