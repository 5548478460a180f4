import type { Request } from './connection.js';
import { failureOf } from './request-error.js';

/** What is used of ioredis for transactions. */
export interface IoredisTransactions {
  multi(): {
    call(command: string, args: (string | Buffer)[]): unknown;
    exec(): Promise<[error: Error | null, reply: unknown][] | null>;
  };
}

/** What is used of node-redis for transactions. */
export interface NodeRedisTransactions {
  multi(): {
    addCommand(args: (string | Buffer)[]): unknown;
    exec(): Promise<unknown>;
  };
}

/**
 * Runs requests with nothing of other clients between them. Returns their replies; undefined if a session that was
 * watched on this connection has changed, and so nothing was done.
 * @throws RequestError of the first that was refused.
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

/** node-redis' words for a watched session that has changed, or that may have while it was not connected. */
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
