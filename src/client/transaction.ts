import type { IoredisConnection, NodeRedisConnection, Request } from './connection.js';
import { failureOf } from './request-error.js';

/** The part of an ioredis client that transactions use. */
export interface IoredisTransactions {
  multi(): {
    call(command: string, args: (string | Buffer)[]): unknown;
    exec(): Promise<[error: Error | null, reply: unknown][] | null>;
  };
}

/** The part of a node-redis client that transactions use. */
export interface NodeRedisTransactions {
  multi(): {
    addCommand(args: (string | Buffer)[]): unknown;
    exec(): Promise<unknown>;
  };
}

/** A client of either library that can run transactions. */
export type TransactionClient =
  | (IoredisConnection & IoredisTransactions)
  | (NodeRedisConnection & NodeRedisTransactions);

/**
 * Runs requests as one transaction. Returns their replies, or undefined if nothing was done because a session watched
 * on this connection has changed.
 * @throws RequestError for the first request that was refused.
 */
export async function transaction(
  connection: IoredisTransactions | NodeRedisTransactions,
  requests: readonly Request[],
): Promise<unknown[] | undefined> {
  const replies = await ('call' in connection
    ? throughIoredis(connection as IoredisTransactions, requests)
    : throughNodeRedis(connection as NodeRedisTransactions, requests));
  const refusal = replies?.find((reply) => reply instanceof Error);
  if (refusal !== undefined) throw failureOf(refusal);
  return replies;
}

async function throughIoredis(connection: IoredisTransactions, requests: readonly Request[]) {
  const multi = connection.multi();
  for (const [command, ...args] of requests) multi.call(command, args);
  try {
    return (await multi.exec())?.map(([error, reply]) => error ?? reply);
  } catch (error) {
    throw failureOf(error);
  }
}

/** How node-redis says that a watched session has changed, or may have changed while the client was disconnected. */
const DISTURBED = /watched keys has been changed|after WATCH/;

async function throughNodeRedis(connection: NodeRedisTransactions, requests: readonly Request[]) {
  const multi = connection.multi();
  for (const request of requests) multi.addCommand([...request]);
  try {
    return (await multi.exec()) as unknown[];
  } catch (error) {
    const { message, replies } = error as { message: string; replies?: unknown[] };
    if (DISTURBED.test(message)) return undefined;
    if (replies !== undefined) return replies;
    throw failureOf(error);
  }
}
