import { describe } from 'vitest';
import { RedisServer } from '../tools/redis-server.js';
import { describeStore } from './conformance/index.js';
import { startServers } from './valkey/servers.js';

// Time really passes. A test that a busy machine has kept waiting for longer than `drift` is repeated.
describe.skipIf(!RedisServer.there)('two servers', { retry: 2 }, () => {
  describeStore({
    name: 'the Valkey store on a single primary',
    async start() {
      const server = await RedisServer.start();
      return startServers(server, () => server.stop());
    },
  });
});
