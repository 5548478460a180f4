import { hasMethods, kindOf } from '../client/argument-checks.js';
import type { IoredisConnection, NodeRedisConnection } from '../client/connection.js';
import type { IoredisSubscriber, NodeRedisSubscriber } from '../client/on-event.js';
import { failureOf } from '../client/request-error.js';
import type { IoredisTransactions, NodeRedisTransactions } from '../client/transaction.js';

/** What is used of a client of ioredis 5 or 6. */
export interface IoredisClient extends IoredisConnection, IoredisTransactions, IoredisSubscriber {
  duplicate(override?: object): IoredisClient;
  disconnect(): unknown;
  on: IoredisSubscriber['on'] & ((event: 'error', listener: (error: Error) => void) => unknown);
}

/** What is used of a client of node-redis 4 to 6. */
export interface NodeRedisClient extends NodeRedisConnection, NodeRedisTransactions, NodeRedisSubscriber {
  readonly options?: { readonly socket?: object } | undefined;
  duplicate(override?: object): NodeRedisClient;
  connect(): Promise<unknown>;
  disconnect(): Promise<unknown>;
  on(event: 'error', listener: (error: Error) => void): unknown;
}

/** A client of either library, connected or about to be. */
export type StoreClient = IoredisClient | NodeRedisClient;

/** @throws TypeError unless it can do what the store needs. */
export function checkClient(client: unknown): void {
  const ofIoredis = hasMethods(client, 'call', 'pipeline', 'multi', 'duplicate');
  if (ofIoredis || hasMethods(client, 'sendCommand', 'multi', 'duplicate')) return;
  throw new TypeError(
    `client must be a client of ioredis or node-redis, as in new RespiteStore({ client: redis }), not ${kindOf(client)}`,
  );
}

/** Another connection to the same server, for what a shared one cannot do. It connects again when it is lost. */
export function connectAlike(client: StoreClient): Promise<StoreClient> {
  return connected('call' in client ? client.duplicate(QUEUES) : client.duplicate());
}

/** As `connectAlike`, but when it is lost, what waits for it fails: what the server knew of it (WATCH) is lost too. */
export function connectOnce(client: StoreClient): Promise<StoreClient> {
  return connected(
    'call' in client
      ? client.duplicate({ ...QUEUES, retryStrategy: () => null })
      : client.duplicate({ socket: { ...client.options?.socket, reconnectStrategy: false } }),
  );
}

/** Ends a connection, if it has not ended by itself. */
export async function disconnect(client: StoreClient): Promise<void> {
  try {
    await client.disconnect();
  } catch {
    // node-redis refuses to end what is not open.
  }
}

/** ioredis takes commands before it has connected, unless the application has its own clients refuse them. */
const QUEUES = { enableOfflineQueue: true };

async function connected(client: StoreClient): Promise<StoreClient> {
  // Without a listener node-redis would end the process. What fails is told to who waits for it.
  client.on('error', () => {});
  // ioredis connects by itself.
  if ('call' in client) return client;
  try {
    await client.connect();
  } catch (error) {
    throw failureOf(error);
  }
  return client;
}
