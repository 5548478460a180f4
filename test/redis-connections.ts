import { Redis } from 'ioredis';
import { createClient, RESP_TYPES } from 'redis';

/** Connects real client libraries to a server, in every configuration that changes how they represent replies. */

const closes: (() => void)[] = [];

interface IoredisOptions {
  protocol: 2 | 3;
  replyMapping?: 'resp3';
  stringNumbers?: boolean;
  enableAutoPipelining?: boolean;
}

function ioredis(port: number, options: IoredisOptions) {
  const redis = new Redis(port, { connectTimeout: 60_000, ...options });
  redis.on('error', () => {});
  closes.push(() => redis.disconnect());
  return redis;
}

async function nodeRedis(port: number, RESP: 2 | 3, typeMapping = {}) {
  const socket = { host: '127.0.0.1', port, connectTimeout: 60_000 };
  const redis = createClient({ RESP, socket, commandOptions: { typeMapping } });
  redis.on('error', () => {});
  await redis.connect();
  closes.push(() => {
    if (redis.isOpen) redis.destroy();
  });
  return redis;
}

/** One connection of each kind, by its description. */
export const CONNECTIONS = {
  'ioredis, RESP2': async (port: number) => ioredis(port, { protocol: 2 }),
  'ioredis, RESP3': async (port: number) => ioredis(port, { protocol: 3 }),
  'ioredis, RESP3 mapped': async (port: number) => ioredis(port, { protocol: 3, replyMapping: 'resp3' }),
  'ioredis, numbers as strings': async (port: number) => ioredis(port, { protocol: 2, stringNumbers: true }),
  'ioredis, pipelining by itself': async (port: number) => ioredis(port, { protocol: 2, enableAutoPipelining: true }),
  'node-redis, RESP2': (port: number) => nodeRedis(port, 2),
  'node-redis, RESP3': (port: number) => nodeRedis(port, 3),
  'node-redis, strings as bytes': (port: number) => nodeRedis(port, 3, { [RESP_TYPES.BLOB_STRING]: Buffer }),
};

export type ConnectionKind = keyof typeof CONNECTIONS;

export const CONNECTION_KINDS = Object.keys(CONNECTIONS) as ConnectionKind[];

/** Call this after each test. */
export function closeConnections(): void {
  for (const close of closes.splice(0)) close();
}
