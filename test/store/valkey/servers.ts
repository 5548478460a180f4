import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as present from '../../embedded-server.js';
import type { RedisServer } from '../../tools/redis-server.js';
import type { Stand } from '../conformance/index.js';

/** A checkout of another version, with its packages installed, whose server is to be one of the two. */
const { OTHER_VERSION } = process.env;

/**
 * Starts two servers that keep their sessions in the same store, for the conformance suite. Time really passes.
 * @param store A node of the store.
 * @param stop Stops the store.
 */
export async function startServers(store: RedisServer, stop: () => Promise<void>): Promise<Stand> {
  const config = { store: `redis://${store.address}`, 'store-partitions': 32, 'store-timeout': 60_000 };
  const other = OTHER_VERSION === undefined ? present : await embeddedServerOf(OTHER_VERSION);
  const servers = await Promise.all([present.startServer(config), other.startServer(config)]);
  let connected = 0;
  return {
    connect: () => present.connectTo(servers[connected++ % servers.length]),
    // A timer may fire up to a millisecond early.
    pass: (ms) => sleep(ms + 1),
    passUnnoticed: (ms) => sleep(ms + 1),
    drift: 900,
    uncounted: ['extended'],
    async stop() {
      await present.stopServers();
      if (other !== present) await other.stopServers();
      await stop();
    },
  };
}

function embeddedServerOf(checkout: string): Promise<typeof present> {
  return import(join(checkout, 'test/embedded-server.ts'));
}
