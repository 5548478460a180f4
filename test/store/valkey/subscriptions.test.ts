import { afterEach, describe, expect, it } from 'vitest';
import { connectNodes } from '../../../src/store/valkey/nodes/connect.js';
import type { ChannelListener, Nodes } from '../../../src/store/valkey/nodes/nodes.js';
import { eventually } from '../../tools/eventually.js';
import { RedisCluster } from '../../tools/redis-cluster.js';
import { RedisServer } from '../../tools/redis-server.js';
import { optionsFor } from './test-library.js';

const PARTITIONS = [0, 1, 2, 3, 4, 5, 6, 7];

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function connect(servers: readonly RedisServer[], timeout = 60_000): Promise<Nodes> {
  const nodes = await connectNodes(optionsFor(servers, { timeout }));
  cleanups.push(() => nodes.close());
  return nodes;
}

async function startCluster(settings: Parameters<typeof RedisCluster.start>[0] = {}): Promise<RedisCluster> {
  const cluster = await RedisCluster.start(settings);
  cleanups.push(() => cluster.stop());
  return cluster;
}

/** Keeps what a subscription receives, by partition. */
class Listener implements ChannelListener {
  readonly messages: string[] = [];
  readonly starts: number[] = [];

  onMessage(partition: number, message: Buffer): void {
    this.messages.push(`${partition}: ${message}`);
  }

  onStart(partition: number): void {
    this.starts.push(partition);
  }

  startsOf(partition: number): number {
    return this.starts.filter((it) => it === partition).length;
  }

  untilStarted(partitions: readonly number[] = PARTITIONS): Promise<void> {
    return eventually(() => partitions.every((partition) => this.starts.includes(partition)));
  }
}

describe.runIf(RedisServer.there)('a subscription', () => {
  it.each(['a single primary', 'a cluster'])(
    'of %s receives the messages of its partitions, in order',
    async (kind) => {
      const server = kind === 'a cluster' ? undefined : await RedisServer.start();
      cleanups.push(() => server?.stop());
      const nodes = await connect(server === undefined ? (await startCluster()).nodes : [server]);
      const listener = new Listener();
      const subscription = nodes.subscribe('events', PARTITIONS, listener);
      await listener.untilStarted();
      for (const text of ['a', 'b']) await Promise.all(PARTITIONS.map((it) => nodes.call(it, 'publish', [text])));
      await nodes.call(20, 'publish', ['for nobody']);
      await eventually(() => listener.messages.length === 2 * PARTITIONS.length);
      expect(listener.messages.filter((it) => it.startsWith('3:'))).toEqual(['3: a', '3: b']);
      expect(listener.starts.toSorted()).toEqual(PARTITIONS);

      subscription.set([3, 20]);
      await listener.untilStarted([20]);
      expect(await nodes.call(20, 'publish', ['c'])).toBe(1);
      await eventually(() => listener.messages.includes('20: c'));
      expect(listener.startsOf(3)).toBe(1);
      await eventually(async () => (await nodes.call(0, 'publish', ['nobody listens'])) === 0);
      subscription.close();
      await eventually(async () => (await nodes.call(3, 'publish', ['nobody listens'])) === 0);
      expect(listener.messages.join()).not.toContain('nobody');
    },
  );

  it('begins at once for a second listener', async () => {
    const server = await RedisServer.start();
    cleanups.push(() => server.stop());
    const nodes = await connect([server]);
    const [first, second] = [new Listener(), new Listener()];
    nodes.subscribe('events', [1], first);
    await first.untilStarted([1]);
    const subscription = nodes.subscribe('events', [1], second);
    await second.untilStarted([1]);
    await nodes.call(1, 'publish', ['both']);
    await eventually(() => first.messages.length === 1 && second.messages.length === 1);
    subscription.close();
    await nodes.call(1, 'publish', ['first']);
    await eventually(() => first.messages.length === 2);
    expect(second.messages).toEqual(['1: both']);
  });

  it('begins again after the node was restarted', async () => {
    const server = await RedisServer.start();
    cleanups.push(() => server.stop());
    const nodes = await connect([server]);
    const listener = new Listener();
    nodes.subscribe('events', [1], listener);
    await listener.untilStarted([1]);
    await server.kill();
    await server.restart();
    await eventually(() => listener.startsOf(1) > 1);
    await nodes.call(1, 'publish', ['again']);
    await eventually(() => listener.messages.includes('1: again'));
  });

  it('follows a slot that moves', async () => {
    const cluster = await startCluster();
    const nodes = await connect(cluster.nodes);
    const listener = new Listener();
    nodes.subscribe('events', PARTITIONS, listener);
    await listener.untilStarted();
    const [first] = cluster.nodes as [RedisServer];
    const slot = Number(await first.ask('CLUSTER', 'KEYSLOT', '{5}'));
    const from = await cluster.primaryOf(slot, first);
    await cluster.moveSlot(slot, cluster.nodes.find((node) => node !== from) as RedisServer);
    await eventually(() => listener.startsOf(5) > 1);
    await eventually(async () => (await nodes.call(5, 'publish', ['there'])) === 1);
    await eventually(() => listener.messages.includes('5: there'));
    expect(new Set(listener.messages).size).toBe(listener.messages.length);
  });

  it('follows a failover, also from a node that stops answering', async () => {
    const cluster = await startCluster({ replicas: 1, nodeTimeout: 2000 });
    const nodes = await connect(cluster.nodes, 1000);
    const listener = new Listener();
    nodes.subscribe('events', PARTITIONS, listener);
    await listener.untilStarted();
    const [first, other] = cluster.nodes as [RedisServer, RedisServer];
    const slot = Number(await other.ask('CLUSTER', 'KEYSLOT', '{5}'));
    const victim = await cluster.primaryOf(slot, first);
    victim.pause();
    await eventually(() => listener.startsOf(5) > 1);
    await eventually(async () => (await nodes.call(5, 'publish', ['there'])) === 1);
    await eventually(() => listener.messages.includes('5: there'));
    expect(nodes.state().primaries).not.toContain(victim.address);
  });
});
