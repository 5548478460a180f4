import { Redis } from 'ioredis';
import { Link } from '../tools/connection.js';
import { Failure, type Reply } from '../tools/replies.js';

/** Sends requests to a server, one character per byte. */
export interface Client {
  /** Sends all of them at once, each list as a pipeline of its own. */
  ask(pipelines: readonly (readonly (readonly string[])[])[]): Promise<Reply[][]>;
  close(): void;
}

export interface ClientKind {
  readonly name: string;
  readonly open: (port: number) => Promise<Client>;
}

/**
 * ioredis is what programs use. It does not tell all, though: a status from a text, a map from an array. The reader of the soak
 * does.
 */
export const CLIENTS: readonly ClientKind[] = [
  { name: 'ioredis, RESP2', open: (port) => openIoredis(port, 2) },
  { name: 'ioredis, RESP3', open: (port) => openIoredis(port, 3) },
  { name: 'bytes, RESP2', open: (port) => openLink(port, 2) },
  { name: 'bytes, RESP3', open: (port) => openLink(port, 3) },
];

async function openIoredis(port: number, protocol: 2 | 3): Promise<Client> {
  // Integers as texts are whole: a double would round those that do not fit.
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

async function openLink(port: number, protocol: 2 | 3): Promise<Client> {
  const link = await Link.open(port);
  await link.ask([['HELLO', String(protocol)]]);
  return {
    async ask(pipelines) {
      const replies = await link.ask(pipelines.flat());
      let end = 0;
      return pipelines.map(({ length }) => {
        end += length;
        return replies.slice(end - length, end);
      });
    },
    close: () => link.close(),
  };
}

/** It takes a buffer for an object whose fields MSET is to set, where it can: so it gets texts, where they will do. */
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
