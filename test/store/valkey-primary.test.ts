import { describe } from 'vitest';
import { RedisServer } from '../tools/redis-server.js';
import { describeStore } from './conformance/index.js';
import { startServers } from './valkey/servers.js';

describe.skipIf(!RedisServer.there)('two servers', () => {
  describeStore({
    name: 'the Valkey store on a single primary',
    async start() {
      const server = await RedisServer.start();
      return startServers(server, () => server.stop());
    },
  });
});
