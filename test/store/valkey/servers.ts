import { setTimeout as sleep } from 'node:timers/promises';
import { connectTo, startServer, stopServers } from '../../embedded-server.js';
import type { RedisServer } from '../../tools/redis-server.js';
import type { Stand } from '../conformance/index.js';

/**
 * Starts two servers that keep their sessions in the same store, for the conformance suite. Time really passes.
 * @param store A node of the store.
 * @param stop Stops the store.
 */
export async function startServers(store: RedisServer, stop: () => Promise<void>): Promise<Stand> {
  const config = { store: `redis://${store.address}`, 'store-partitions': 32, 'store-timeout': 60_000 };
  const servers = await Promise.all([startServer(config), startServer(config)]);
  let connected = 0;
  return {
    connect: () => connectTo(servers[connected++ % servers.length]),
    // A timer may fire up to a millisecond early.
    pass: (ms) => sleep(ms + 1),
    passUnnoticed: (ms) => sleep(ms + 1),
    drift: 900,
    uncounted: ['extended'],
    async stop() {
      await stopServers();
      await stop();
    },
  };
}
