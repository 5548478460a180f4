import { Redis } from 'ioredis';
import { createServer } from '../src/index.js';

/** Starts respite within this process, on a free port, with a webhook. Returns a client, and what stops both. */
export async function startWithWebhook(webhook: string) {
  const server = createServer({ bind: '127.0.0.1', port: 0, 'events-stream': true, webhook });
  await server.listen();
  const redis = new Redis({ host: '127.0.0.1', port: server.addresses[0].port });
  const stop = async () => {
    redis.disconnect();
    await server.close();
  };
  return { redis, stop };
}
