import { Cluster, type Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Config, Server, ServerOptions } from '../../../src/index.js';
import { readEvent } from '../../../src/store/valkey/events/outbox-entry.js';
import { keepLog, startServer, stopServers } from '../../embedded-server.js';
import { Connection } from '../../tools/connection.js';
import { eventually } from '../../tools/eventually.js';
import { Program } from '../../tools/program.js';
import { RedisCluster } from '../../tools/redis-cluster.js';
import { RedisServer } from '../../tools/redis-server.js';

/** Returns entries as objects with a field for each of theirs. */
function objects(entries: readonly (readonly [string, readonly string[]])[]): Record<string, string>[] {
  return entries.map(([, fields]) =>
    Object.fromEntries(fields.flatMap((field, i) => (i % 2 === 0 ? [[field, fields[i + 1]]] : []))),
  );
}

describe.runIf(RedisServer.there)('the stream of events over a single primary', () => {
  let server: RedisServer;
  let prefix = '';

  beforeAll(async () => {
    server = await RedisServer.start();
  });

  const connections: Connection[] = [];

  afterEach(async () => {
    for (const connection of connections.splice(0)) connection.close();
    await stopServers();
  });

  afterAll(() => server.stop());

  const start = (more: Partial<Config> = {}, options: ServerOptions = {}) =>
    startServer(
      {
        store: `redis://${server.address}`,
        'store-prefix': prefix,
        'store-partitions': 8,
        'store-timeout': 60_000,
        'events-stream': true,
        ...more,
      },
      options,
    );

  const connectTo = async (one: Server) => {
    const connection = await Connection.open({ port: one.addresses[0].port });
    connections.push(connection);
    return connection;
  };

  const entries = async () =>
    objects((await server.ask('XRANGE', `${prefix}{0}:stream`, '-', '+')) as [string, string[]][]);

  it('has each event once, with its data, whichever server has caused it', async () => {
    prefix = 'once:';
    const servers = await Promise.all([start(), start()]);
    const clients = await Promise.all(servers.map((one) => connectTo(one)));
    const ids = new Map<string, string>();
    for (let i = 0; i < 40; i++) {
      const client = clients[i % 2];
      const token = String(await client.ask('SESSION.NEW', `user:${i % 3}`, '3600', 'DATA', 'cart', 'pizza'));
      ids.set(token, String(await client.ask('SESSION.ID', token)));
      if (i % 4 === 0) await client.ask('SESSION.END', token);
      else await clients[(i + 1) % 2].ask('SESSION.PEXPIRE', token, '100');
    }
    await eventually(async () => (await entries()).length === 80);
    const all = await entries();
    expect(all.filter(({ event }) => event === 'expired')).toHaveLength(30);
    for (const [token, id] of ids) {
      const [created, ended] = all.filter((entry) => entry.token === token);
      expect(created).toMatchObject({ event: 'new', id, created: created.at });
      expect(ended).toMatchObject({ name: created.name, id, created: created.created });
      const { event, name, at } = ended;
      expect(JSON.parse(ended.data)).toEqual({
        event,
        name,
        token,
        at: Number(at),
        created: Number(created.created),
        keys: { cart: 'pizza' },
      });
    }
  });

  it('keeps what events-filter and events-max-len say, which can change', async () => {
    prefix = 'filter:';
    const client = await connectTo(await start({ 'events-filter': 'ended:user:*' }));
    for (const name of ['user:1', 'basket', 'user:2', 'user:3']) {
      await client.ask('SESSION.END', String(await client.ask('SESSION.NEW', name, '60')));
    }
    await eventually(async () => (await entries()).length === 3);
    expect((await entries()).map(({ event, name }) => `${event} ${name}`).toSorted()).toEqual([
      'ended user:1',
      'ended user:2',
      'ended user:3',
    ]);
    await client.ask('CONFIG', 'SET', 'events-max-len', '1');
    await eventually(async () => (await entries()).length === 1);
  });

  it('says how far it is, and which group has lost entries', async () => {
    prefix = 'lost:';
    const log = keepLog();
    const server = await start({ 'events-filter': 'new', 'events-max-len': 3 }, { log });
    const client = await connectTo(server);
    expect(await client.ask('XGROUP', 'CREATE', '__session__', 'a shop', '0')).toMatchObject({ text: 'OK' });
    for (let i = 0; i < 10; i++) await client.ask('SESSION.NEW', `user:${i}`, '60');
    let info = '';
    await eventually(async () => {
      info = String(await client.ask('INFO', 'events', 'store'));
      return info.includes('events_lost:7\r\n') && info.includes('events_length:3\r\n');
    });
    expect(info).toContain('events_group0:name=a?shop,pending=0,lag=3,lost=\r\n');
    expect(info).toContain('store_forwarded_events:10\r\nstore_failed_forwarding_calls:0\r\n');
    expect(info).toContain('store_forwarding_partitions:8\r\nstore_forwarding_processes:1\r\n');
    await eventually(() => log.lines.some((line) => line.includes('group "a shop" has lost most')));
  });

  it('is continued by the next process after nobody was there to forward events', async () => {
    prefix = 'continued:';
    const without = await connectTo(await start({ 'events-stream': false }));
    const create = () => without.ask('SESSION.NEW', 'user:1', '60');
    await create();
    const first = await start();
    await eventually(async () => (await entries()).length === 1);
    await first.close();
    await create();
    expect(await entries()).toHaveLength(1);
    await start();
    await eventually(async () => (await entries()).length === 2);
  });
});

describe.runIf(RedisServer.there)('the stream of events over a cluster', () => {
  let cluster: RedisCluster;
  let client: Cluster;
  const programs: Program[] = [];

  beforeAll(async () => {
    cluster = await RedisCluster.start({ primaries: 3, replicas: 1, nodeTimeout: 60_000 });
    client = new Cluster(cluster.nodes.map(({ port }) => ({ host: '127.0.0.1', port })));
  });

  afterEach(async () => {
    await Promise.all(programs.splice(0).map((program) => program.kill()));
  });

  afterAll(async () => {
    client.disconnect();
    await cluster.stop();
  });

  async function start(): Promise<Program> {
    const addresses = cluster.nodes.map(({ address }) => address).join(',');
    const store = ['--store', `redis://${addresses}`, '--store-partitions', '16', '--store-wait', '1'];
    const program = await Program.start([...store, '--events-stream', 'yes']);
    programs.push(program);
    return program;
  }

  /** Creates and ends sessions until it is told to stop. What fails is tried again with another session. */
  function load(redis: Redis): () => Promise<number> {
    let going = true;
    let done = 0;
    const run = async () => {
      while (going) {
        const token = await redis
          .call('SESSION.NEW', `user:${done % 5}`, 60, 'DATA', 'cart', 'x')
          .catch(() => undefined);
        const ended = token && (await redis.call('SESSION.END', String(token)).catch(() => undefined));
        if (ended === 1) done++;
      }
      return done;
    };
    const running = run();
    return () => {
      going = false;
      return running;
    };
  }

  /** Returns how often each event is in the outboxes. */
  async function outboxes(): Promise<Map<string, number>> {
    const counts = new Map<string, number>();
    for (let partition = 0; partition < 16; partition++) {
      for (const [, [, payload]] of await client.xrangeBuffer(`respite:{${partition}}:events`, '-', '+')) {
        const { event, token } = readEvent(payload);
        counts.set(`${event} ${token}`, (counts.get(`${event} ${token}`) ?? 0) + 1);
      }
    }
    return counts;
  }

  async function streamed(): Promise<Map<string, number>> {
    const counts = new Map<string, number>();
    for (const { event, token } of objects(await client.xrange('respite:{0}:stream', '-', '+'))) {
      counts.set(`${event} ${token}`, (counts.get(`${event} ${token}`) ?? 0) + 1);
    }
    return counts;
  }

  it('has each event once, although a process is killed, nodes fail over, and the stream moves', async () => {
    const [first, second] = [await start(), await start()];
    const stop = load(second.client());
    const started = () => eventually(async () => (await streamed()).size > 50);
    await started();
    await first.kill();
    const slot = Number(await cluster.nodes[0].ask('CLUSTER', 'KEYSLOT', '0'));
    const primary = await cluster.primaryOf(slot, cluster.nodes[0]);
    const replica = await cluster.replicaOf(primary);
    // It needs no votes, and the old primary may go on for a moment.
    await replica.ask('CLUSTER', 'FAILOVER', 'TAKEOVER');
    await eventually(async () => (await cluster.primaryOf(slot, cluster.nodes[0])) === replica);
    const others = await Promise.all([0, 6000, 12_000].map((one) => cluster.primaryOf(one, cluster.nodes[0])));
    const target = others.find((one) => one !== replica) as RedisServer;
    await cluster.moveSlot(slot, target);
    await start();
    const before = (await streamed()).size;
    await eventually(async () => (await streamed()).size > before + 50);
    expect(await stop()).toBeGreaterThan(50);
    const expected = await outboxes();
    await eventually(async () => (await streamed()).size >= expected.size);
    const found = await streamed();
    for (const [event, count] of expected) expect([event, found.get(event)]).toEqual([event, count]);
    expect([...found.values()].filter((count) => count > 1)).toEqual([]);
  });
});
