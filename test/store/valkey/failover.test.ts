import { afterEach, describe, expect, it } from 'vitest';
import { connectNodes } from '../../../src/store/valkey/nodes/connect.js';
import { type Nodes, type NodesOptions, StoreError } from '../../../src/store/valkey/nodes/nodes.js';
import { eventually } from '../../tools/eventually.js';
import { RedisCluster } from '../../tools/redis-cluster.js';
import { RedisSentinels } from '../../tools/redis-sentinels.js';
import { RedisServer } from '../../tools/redis-server.js';
import { optionsFor } from './test-library.js';

const PARTITIONS = 32;

/** In ms. Short, because the tests wait for it. */
const TIMEOUT = 1000;

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function connect(options: NodesOptions): Promise<Nodes> {
  const nodes = await connectNodes(options);
  cleanups.push(() => nodes.close());
  return nodes;
}

async function startCluster(settings: Parameters<typeof RedisCluster.start>[0]): Promise<RedisCluster> {
  const cluster = await RedisCluster.start(settings);
  cleanups.push(() => cluster.stop());
  return cluster;
}

/** Adds 1 to a sum in each partition, again and again, from several chains of calls. */
class Load {
  /** By partition: how often it was added for certain, and how often perhaps. */
  readonly sure = new Array<number>(PARTITIONS).fill(0);
  readonly perhaps = new Array<number>(PARTITIONS).fill(0);
  readonly errors: StoreError[] = [];
  readonly #nodes: Nodes;
  readonly #chains: Promise<void>[];
  #isOver = false;

  constructor(nodes: Nodes) {
    this.#nodes = nodes;
    this.#chains = Array.from({ length: PARTITIONS }, (_, i) => this.#run(i));
  }

  async #run(partition: number): Promise<void> {
    while (!this.#isOver) {
      try {
        await this.#nodes.call(partition, 'add', [1]);
        this.#count(this.sure, partition);
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        this.errors.push(error);
        if (error.mayHaveRun) this.#count(this.perhaps, partition);
      }
    }
  }

  #count(counts: number[], partition: number): void {
    counts[partition] = (counts[partition] ?? 0) + 1;
  }

  get done(): number {
    return this.sure.reduce((sum, one) => sum + one);
  }

  /** Waits until each partition has been added to again. */
  async untilAllAdd(): Promise<void> {
    const before = [...this.sure];
    await eventually(() => this.sure.every((count, i) => count > (before[i] ?? 0)));
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#chains);
  }

  /** Compares the sums with what was added. @param mayLose Whether a failover may have lost some. */
  async check({ mayLose }: { mayLose: boolean }): Promise<void> {
    for (let partition = 0; partition < PARTITIONS; partition += 1) {
      const sum = Number(await this.#nodes.call(partition, 'sum', []));
      const sure = this.sure[partition] ?? 0;
      expect(sum).toBeLessThanOrEqual(sure + (this.perhaps[partition] ?? 0));
      if (!mayLose) expect(sum).toBeGreaterThanOrEqual(sure);
    }
  }
}

describe.runIf(RedisServer.there)('a primary of a cluster', () => {
  it('may be killed: its replica takes over, and no call runs twice', async () => {
    const cluster = await startCluster({ replicas: 1, nodeTimeout: 2000 });
    const nodes = await connect(optionsFor(cluster.nodes, { timeout: TIMEOUT }));
    const load = new Load(nodes);
    await load.untilAllAdd();
    const [victim] = cluster.nodes as [RedisServer];
    await victim.kill();
    await eventually(() => !nodes.state().reachable);
    await load.untilAllAdd();
    await eventually(() => nodes.state().reachable);
    expect(nodes.state().primaries).not.toContain(victim.address);
    await load.stop();
    await load.check({ mayLose: true });
  });

  it('loses nothing that replicas have acknowledged', async () => {
    // Long enough that no busy machine fails a second time, when only one node has everything.
    const cluster = await startCluster({ replicas: 1, nodeTimeout: 5000 });
    const nodes = await connect(optionsFor(cluster.nodes, { timeout: TIMEOUT, wait: 1 }));
    const load = new Load(nodes);
    await load.untilAllAdd();
    const [victim] = cluster.nodes as [RedisServer];
    await victim.kill();
    await eventually(() => !nodes.state().primaries.includes(victim.address));
    // Its replica needs a replica.
    await victim.restart();
    await load.untilAllAdd();
    await load.stop();
    await load.check({ mayLose: false });
  });

  it('may be killed while a slot leaves it: no call runs twice, and the slot can be moved after that', async () => {
    const cluster = await startCluster({ replicas: 1, nodeTimeout: 2000 });
    const [victim, target] = cluster.nodes as [RedisServer, RedisServer];
    // It is asked for the primaries first.
    const nodes = await connect(optionsFor([target], { timeout: TIMEOUT }));
    let partition = 0;
    const slotOf = async () => Number(await victim.ask('CLUSTER', 'KEYSLOT', `{${partition}}`));
    while ((await cluster.primaryOf(await slotOf(), victim)) !== victim) partition += 1;
    const slot = await slotOf();
    const load = new Load(nodes);
    await load.untilAllAdd();
    await target.ask('CLUSTER', 'SETSLOT', slot, 'IMPORTING', String(await victim.ask('CLUSTER', 'MYID')));
    await victim.ask('CLUSTER', 'SETSLOT', slot, 'MIGRATING', String(await target.ask('CLUSTER', 'MYID')));
    // Calls to the slot wait.
    await eventually(() => load.errors.some(({ message }) => message.includes('ASK')));
    const replica = await cluster.replicaOf(victim);
    await victim.kill();
    // A replica of Redis knows nothing of the move, one of Valkey goes on with it.
    await eventually(() => replica.ask('CLUSTER', 'SETSLOT', slot, 'STABLE'));
    // The target still says that the slot is on the node that was killed, and therefore that the cluster is down, until
    // somebody repairs this. Others know better.
    const before = load.sure[partition] ?? 0;
    await eventually(() => (load.sure[partition] ?? 0) > before);
    await target.ask('CLUSTER', 'SETSLOT', slot, 'STABLE');
    await eventually(async () => (await cluster.primaryOf(slot, target)) === replica);
    await load.untilAllAdd();
    await cluster.moveSlot(slot, target);
    await load.untilAllAdd();
    await load.stop();
    await load.check({ mayLose: true });
  });

  it('may cut connections: no call runs twice', async () => {
    const cluster = await startCluster({});
    const nodes = await connect(optionsFor(cluster.nodes, { timeout: TIMEOUT }));
    const load = new Load(nodes);
    for (let cuts = 0; cuts < 10; cuts += 1) {
      await load.untilAllAdd();
      await Promise.all(cluster.nodes.map((node) => node.ask('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')));
    }
    await load.untilAllAdd();
    await load.stop();
    expect(load.errors.length).toBeGreaterThan(0);
    await load.check({ mayLose: false });
  });

  it('may stop answering: calls fail in time, and all is well again when it answers', async () => {
    // It is not replaced.
    const cluster = await startCluster({ nodeTimeout: 600_000 });
    const nodes = await connect(optionsFor(cluster.nodes, { timeout: TIMEOUT }));
    const load = new Load(nodes);
    await load.untilAllAdd();
    const [victim] = cluster.nodes as [RedisServer];
    victim.pause();
    await eventually(() => load.errors.some((error) => error.mayHaveRun));
    await eventually(() => load.errors.some((error) => !error.mayHaveRun));
    expect(nodes.state()).toMatchObject({ reachable: false, lastError: expect.stringContaining(victim.address) });
    expect(new Set(load.errors.map(({ code }) => code))).toEqual(new Set(['TRYAGAIN']));
    // The others go on.
    const before = load.done;
    await eventually(() => load.done > before + 100);
    victim.resume();
    await load.untilAllAdd();
    await eventually(() => nodes.state().reachable);
    await load.stop();
    await load.check({ mayLose: false });
  });

  it('may be gone for good: the cluster says so', async () => {
    const cluster = await startCluster({ nodeTimeout: 1000 });
    const nodes = await connect(optionsFor(cluster.nodes, { timeout: TIMEOUT }));
    const load = new Load(nodes);
    await cluster.nodes[2]?.kill();
    await eventually(() => load.errors.some(({ code }) => code === 'CLUSTERDOWN'));
    await load.stop();
    expect(load.errors.filter(({ code }) => code === 'CLUSTERDOWN').every(({ mayHaveRun }) => !mayHaveRun)).toBe(true);
    expect(nodes.state().reachable).toBe(false);
  });

  it('must have enough replicas that answer', async () => {
    const cluster = await startCluster({ replicas: 1, nodeTimeout: 600_000 });
    // A quarter of it is for the reply.
    const nodes = await connect(optionsFor(cluster.nodes, { timeout: 4 * TIMEOUT, wait: 1 }));
    expect(await nodes.call(0, 'add', [1])).toBe(1);
    for (const replica of cluster.nodes.slice(3)) replica.pause();
    await expect(nodes.call(0, 'add', [1])).rejects.toMatchObject({
      code: 'NOREPLICAS',
      message: 'The operation has run, but only 0 of 1 replicas have acknowledged it.',
    });
    expect(String(await nodes.call(0, 'sum', []))).toBe('2');
    for (const replica of cluster.nodes.slice(3)) replica.resume();
    await eventually(() => nodes.call(0, 'add', [1]));
  });
});

describe.runIf(RedisServer.there)('Sentinels', () => {
  it('say where the primary is, also after it was killed', async () => {
    const sentinels = await RedisSentinels.start();
    cleanups.push(() => sentinels.stop());
    const nodes = await connect(optionsFor(sentinels.sentinels, { timeout: TIMEOUT }));
    expect(nodes.state()).toMatchObject({ kind: 'sentinel', primaries: [sentinels.primary.address] });
    const load = new Load(nodes);
    await load.untilAllAdd();
    await sentinels.primary.kill();
    await eventually(() => nodes.state().primaries[0] === sentinels.replica.address);
    await load.untilAllAdd();
    await load.stop();
    await load.check({ mayLose: true });
  });

  it('are told apart by the name of the primary', async () => {
    const sentinels = await RedisSentinels.start();
    cleanups.push(() => sentinels.stop());
    const [asked] = sentinels.sentinels as [RedisServer];
    await expect(connectNodes(optionsFor([asked], { sentinelName: 'other' }))).rejects.toThrow('name other');
    const nodes = await connect(optionsFor([asked], { sentinelName: 'sessions' }));
    expect(await nodes.call(0, 'add', [1])).toBe(1);
  });
});
