import { describe } from 'vitest';
import { RedisCluster } from '../tools/redis-cluster.js';
import { RedisServer } from '../tools/redis-server.js';
import { describeStore } from './conformance/index.js';
import { startServers } from './valkey/servers.js';

describe.skipIf(!RedisServer.there)('two servers', () => {
  describeStore({
    name: 'the Valkey store on a cluster of three primaries',
    async start() {
      const cluster = await RedisCluster.start({ primaries: 3 });
      return startServers(cluster.nodes[0], () => cluster.stop());
    },
  });
});
