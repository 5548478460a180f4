import { Redis } from 'ioredis';
import { Connection, type Request } from '../tools/connection.js';
import { Failure, type Reply } from '../tools/replies.js';

/** Sends requests to a server. Strings have one character per byte. */
export interface Client {
  /** Sends all pipelines at once. */
  ask(pipelines: readonly (readonly Request[])[]): Promise<Reply[][]>;
  close(): void;
}

export interface ClientKind {
  readonly name: string;
  readonly open: (port: number) => Promise<Client>;
}

/**
 * ioredis is what programs use, but it hides the difference between a status and a string, and between a map and an
 * array. A bare connection shows it.
 */
export const CLIENTS: readonly ClientKind[] = [
  { name: 'ioredis, RESP2', open: (port) => openIoredis(port, 2) },
  { name: 'ioredis, RESP3', open: (port) => openIoredis(port, 3) },
  { name: 'bare connection, RESP2', open: (port) => openBare(port, 2) },
  { name: 'bare connection, RESP3', open: (port) => openBare(port, 3) },
];

async function openIoredis(port: number, protocol: 2 | 3): Promise<Client> {
  // As strings, because doubles would round large integers.
  const redis = new Redis(port, { protocol, stringNumbers: true, lazyConnect: true, retryStrategy: () => null });
  redis.on('error', () => {});
  await redis.connect();
  return {
    ask: (pipelines) =>
      Promise.all(
        pipelines.map(async (requests) => {
          const pipeline = redis.pipeline();
          for (const [name, ...words] of requests) {
            pipeline.callBuffer(name, ...words.map(argumentOf));
          }
          const results = (await pipeline.exec()) ?? [];
          return results.map(([error, value]) => (error === null ? replyOf(value) : replyOf(error)));
        }),
      ),
    close: () => redis.disconnect(),
  };
}

async function openBare(port: number, protocol: 2 | 3): Promise<Client> {
  const connection = await Connection.open({ port });
  await connection.ask('HELLO', String(protocol));
  return {
    ask: (pipelines) => Promise.all(pipelines.map((requests) => connection.askAll(requests))),
    close: () => connection.close(),
  };
}

/**
 * ioredis takes a buffer for an object with fields for MSET. So it is given strings wherever they have the same bytes.
 */
function argumentOf(word: string): string | Buffer {
  const bytes = Buffer.from(word, 'latin1');
  return bytes.toString() === word ? word : bytes;
}

function replyOf(value: unknown): Reply {
  if (Buffer.isBuffer(value)) return value.toString('latin1');
  if (Array.isArray(value)) return value.map(replyOf);
  if (value instanceof Error) return new Failure(value.message);
  return value as Reply;
}
