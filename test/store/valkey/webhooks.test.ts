import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Server } from '../../../src/index.js';
import { connectTo, startServer, stopServers } from '../../embedded-server.js';
import { askWith } from '../../server/ask.js';
import { RedisServer } from '../../tools/redis-server.js';
import { TestReceiver } from '../../webhooks/receiver.js';

describe.runIf(RedisServer.there)('webhooks over a store', () => {
  let redis: RedisServer;
  let receiver: TestReceiver;
  beforeAll(async () => {
    redis = await RedisServer.start();
    receiver = await TestReceiver.start();
  });
  afterEach(stopServers);
  afterAll(async () => {
    await receiver.stop();
    await redis.stop();
  });

  const start = () =>
    startServer({
      store: `redis://${redis.address}`,
      'store-partitions': 8,
      'store-timeout': 60_000,
      'events-stream': true,
      webhook: `http://127.0.0.1:${receiver.port}/ name=shop private=yes events=new,ended data=yes`,
    });

  /** Creates and ends a session at a server. */
  async function basket(server: Server, name: string): Promise<string> {
    const client = await connectTo(server);
    const token = await askWith(client, 'SESSION.NEW', name, '60', 'DATA', 'pizza', '2');
    await askWith(client, 'SESSION.END', token);
    return token;
  }

  it('deliver each event of all servers, in the order of its session, and another server takes over', async () => {
    const servers = [await start(), await start()];
    const tokens: string[] = [];
    for (let i = 0; i < 10; i++) tokens.push(await basket(servers[i % 2], `before:${i}`));
    await receiver.until(() => new Set(receiver.headers.map((headers) => headers['webhook-id'])).size === 20);
    // Whichever of them delivers.
    await servers[0].close();
    for (let i = 0; i < 10; i++) tokens.push(await basket(servers[1], `after:${i}`));
    await receiver.until(() => new Set(receiver.headers.map((headers) => headers['webhook-id'])).size === 40);
    for (const name of [...Array(10).keys()].flatMap((i) => [`before:${i}`, `after:${i}`])) {
      const mine = receiver.events.filter((event) => event.name === name);
      expect([...new Set(mine.map(({ event }) => event))], name).toEqual(['new', 'ended']);
      expect(mine.at(-1)?.keys).toEqual({ pizza: '2' });
    }
    for (const body of receiver.bodies) for (const token of tokens) expect(body).not.toContain(token);
    const client = await connectTo(servers[1]);
    await expect
      .poll(async () => askWith(client, 'INFO', 'webhooks'), { timeout: 60_000 })
      .toMatch(/name=shop,state=ok,.*,waiting=0,/);
  });
});
