import { spawnSync } from 'node:child_process';
import { RedisCluster } from './tools/redis-cluster.js';

const c = await RedisCluster.start();
const lib =
  "#!lua name=t\nserver.register_function{function_name='r1a2b3c4d_get', callback=function(k,a) return redis.call('HGET',k[1],a[2]) or '' end}".replace(
    'server.',
    'redis.',
  );
for (const n of c.nodes) await n.ask('FUNCTION', 'LOAD', lib);
for (let i = 0; i < 256; i++) {
  for (const n of c.nodes)
    await n.ask('HSET', `respite:{${i}}`, 'cart', "a value of 29 bytes, isn't it").catch(() => {});
}
for (const which of (process.argv[2] ?? '').split(','))
  spawnSync('node', ['/tmp/nodes-bench/bench.mjs', which, c.nodes.map((n) => n.port).join(',')], { stdio: 'inherit' });
await c.stop();
