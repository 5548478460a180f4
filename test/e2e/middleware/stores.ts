import { RedisStore } from 'connect-redis';
import { RedisStore as RedisStore8 } from 'connect-redis-8';
import { Redis } from 'ioredis';
import { createClient } from 'redis';

export type Store = RedisStore | RedisStore8;

interface OpenStore {
  readonly store: Store;
  close(): void;
}

interface StoreKind {
  readonly client: string;
  open(port: number): Promise<OpenStore>;
}

/** The session store that works with both frameworks, with each client that it supports. */
export const STORES: readonly StoreKind[] = [
  {
    client: 'connect-redis 9 with node-redis',
    async open(port) {
      const client = createClient({ socket: { host: '127.0.0.1', port, connectTimeout: 60_000 } });
      await client.connect();
      return { store: new RedisStore({ client }), close: () => client.destroy() };
    },
  },
  {
    client: 'connect-redis 8 with ioredis',
    async open(port) {
      const client = new Redis(port, '127.0.0.1', { connectTimeout: 60_000 });
      return { store: new RedisStore8({ client }), close: () => client.disconnect() };
    },
  },
];
