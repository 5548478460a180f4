import { checkClient } from '../argument-checks.js';
import {
  failureOf,
  type IoredisConnection,
  type IoredisSubscriber,
  type IoredisTransactions,
  type NodeRedisConnection,
  type NodeRedisSubscriber,
  type NodeRedisTransactions,
} from '../client/index.js';

/** The part of an ioredis 5 or 6 client that the store uses. */
export interface IoredisClient extends IoredisConnection, IoredisTransactions, IoredisSubscriber {
  duplicate(override?: object): IoredisClient;
  disconnect(): unknown;
  on: IoredisSubscriber['on'] & ((event: 'error', listener: (error: Error) => void) => unknown);
}

/** The part of a node-redis 4 to 6 client that the store uses. */
export interface NodeRedisClient extends NodeRedisConnection, NodeRedisTransactions, NodeRedisSubscriber {
  readonly options?: { readonly socket?: object } | undefined;
  duplicate(override?: object): NodeRedisClient;
  connect(): Promise<unknown>;
  disconnect(): Promise<unknown>;
  on(event: 'error', listener: (error: Error) => void): unknown;
}

/** A client of either library. It need not be connected yet. */
export type StoreClient = IoredisClient | NodeRedisClient;

/** @throws TypeError if the client lacks a method that the store needs. */
export function checkStoreClient(client: unknown): void {
  checkClient(client, 'new RespiteStore({ client: redis })', 'duplicate');
}

/** Opens another connection to the same server, for what a shared connection cannot do. It reconnects if it is lost. */
export function connectAlike(client: StoreClient): Promise<StoreClient> {
  return connected('call' in client ? client.duplicate(QUEUES) : client.duplicate());
}

/**
 * Like `connectAlike`, but the connection does not reconnect, so pending commands fail: the server has also forgotten
 * the connection's state (WATCH).
 */
export function connectOnce(client: StoreClient): Promise<StoreClient> {
  return connected(
    'call' in client
      ? client.duplicate({ ...QUEUES, retryStrategy: () => null })
      : client.duplicate({ socket: { ...client.options?.socket, reconnectStrategy: false } }),
  );
}

/** Closes a connection that may already be closed. */
export async function disconnect(client: StoreClient): Promise<void> {
  try {
    await client.disconnect();
  } catch {
    // node-redis throws if the client is not open.
  }
}

/**
 * Makes ioredis queue commands until it has connected, even if the application has turned that off for its own client.
 */
const QUEUES = { enableOfflineQueue: true };

async function connected(client: StoreClient): Promise<StoreClient> {
  // Without a listener, node-redis would end the process. A failed command rejects its own promise.
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
