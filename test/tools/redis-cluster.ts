import { eventually } from './eventually.js';
import { freePort } from './free-port.js';
import { type Credentials, RedisServer } from './redis-server.js';

const SLOTS = 16_384;

export interface ClusterSettings {
  /** 3 unless set. */
  readonly primaries?: number;
  /** How many replicas each primary has. None unless set. */
  readonly replicas?: number;
  /** After how many ms without an answer a node counts as failed. 15 s unless set: no busy machine takes that long. */
  readonly nodeTimeout?: number;
  /** More options of each node. */
  readonly options?: readonly string[];
  /** What the tests need to connect to a node. */
  readonly credentials?: Credentials;
}

/** A real Redis or Valkey cluster on free ports of 127.0.0.1. */
export class RedisCluster {
  /** All nodes. The first ones are the primaries at the start. */
  readonly nodes: readonly RedisServer[];

  private constructor(nodes: readonly RedisServer[]) {
    this.nodes = nodes;
  }

  /** Starts a cluster, and waits until it takes writes and all its replicas follow their primaries. */
  static async start(settings: ClusterSettings = {}): Promise<RedisCluster> {
    const { primaries = 3, replicas = 0, nodeTimeout = 15_000, options = [], credentials } = settings;
    const busPorts = await Promise.all(Array.from({ length: primaries * (1 + replicas) }, freePort));
    const nodes = await Promise.all(
      busPorts.map((busPort) =>
        RedisServer.start(
          [
            ...['--cluster-enabled', 'yes', '--cluster-port', String(busPort)],
            ...['--cluster-node-timeout', String(nodeTimeout), '--cluster-replica-validity-factor', '0'],
            ...(credentials?.tls === undefined ? [] : ['--tls-cluster', 'yes', '--tls-replication', 'yes']),
            ...['--repl-diskless-sync-delay', '0', '--enable-debug-command', 'local', ...options],
          ],
          credentials,
        ),
      ),
    );
    const cluster = new RedisCluster(nodes);
    await cluster.#form(busPorts, primaries);
    return cluster;
  }

  async #form(busPorts: readonly number[], primaries: number): Promise<void> {
    const perPrimary = Math.ceil(SLOTS / primaries);
    await Promise.all(
      this.nodes.map(async (node, i) => {
        await node.ask('CLUSTER', 'SET-CONFIG-EPOCH', i + 1);
        if (i >= primaries) return;
        const from = i * perPrimary;
        await node.ask('CLUSTER', 'ADDSLOTSRANGE', from, Math.min(from + perPrimary, SLOTS) - 1);
      }),
    );
    // Each meets each: waiting for what they tell each other takes seconds.
    await Promise.all(
      this.nodes.flatMap((node) =>
        this.nodes.map(
          (other, i) => node !== other && node.ask('CLUSTER', 'MEET', '127.0.0.1', other.port, busPorts[i] ?? 0),
        ),
      ),
    );
    await this.#eachEventually(async (node) => {
      const known = await this.view(node);
      return known.length === this.nodes.length && !known.some(({ hasFailed }) => hasFailed);
    });
    await Promise.all(
      this.nodes.slice(primaries).map(async (replica, i) => {
        const primary = this.nodes[i % primaries] as RedisServer;
        await replica.ask('CLUSTER', 'REPLICATE', String(await primary.ask('CLUSTER', 'MYID')));
        await eventually(async () => /master_link_status:up/.test(String(await replica.ask('INFO', 'replication'))));
      }),
    );
    await this.ready(this.nodes.length - primaries);
  }

  /** Waits until every node that runs says that the cluster is up, and knows that many replicas. */
  async ready(replicas = 0): Promise<void> {
    await this.#eachEventually(async (node) => {
      const isUp = /cluster_state:ok/.test(String(await node.ask('CLUSTER', 'INFO')));
      return isUp && (await this.view(node)).filter(({ isPrimary }) => !isPrimary).length >= replicas;
    });
  }

  async #eachEventually(condition: (node: RedisServer) => Promise<boolean>): Promise<void> {
    await Promise.all(this.nodes.map((node) => eventually(() => condition(node))));
  }

  /** What a node knows of the nodes, itself included. */
  async view(node: RedisServer) {
    const lines = String(await node.ask('CLUSTER', 'NODES'))
      .trim()
      .split('\n');
    return lines
      .map((line) => line.split(' '))
      .map(([id = '', address = '', flags = '', primary = '']) => ({
        id,
        port: Number(/:(\d+)@/.exec(address)?.[1]),
        isPrimary: flags.includes('master'),
        hasFailed: /fail|handshake|noaddr/.test(flags),
        primary,
      }));
  }

  /** The node that has a slot now. @param asked It must run. */
  async primaryOf(slot: number, asked: RedisServer): Promise<RedisServer> {
    const ranges = (await asked.ask('CLUSTER', 'SLOTS')) as [number, number, [string, number]][];
    const port = ranges.find(([from, to]) => from <= slot && slot <= to)?.[2][1];
    return this.#nodeAt(port);
  }

  /** A replica of a primary. */
  async replicaOf(primary: RedisServer): Promise<RedisServer> {
    const id = await primary.ask('CLUSTER', 'MYID');
    return this.#nodeAt((await this.view(primary)).find((node) => node.primary === id)?.port);
  }

  #nodeAt(port: number | undefined): RedisServer {
    const node = this.nodes.find((it) => it.port === port);
    if (node === undefined) throw new Error(`no node listens on port ${port}`);
    return node;
  }

  /** Moves a slot with its keys to another primary, step by step, as `redis-cli --cluster reshard` does. */
  async moveSlot(slot: number, to: RedisServer): Promise<void> {
    const from = await this.primaryOf(slot, to);
    const [fromId, toId] = [String(await from.ask('CLUSTER', 'MYID')), String(await to.ask('CLUSTER', 'MYID'))];
    await to.ask('CLUSTER', 'SETSLOT', slot, 'IMPORTING', fromId);
    await from.ask('CLUSTER', 'SETSLOT', slot, 'MIGRATING', toId);
    for (;;) {
      const keys = (await from.ask('CLUSTER', 'GETKEYSINSLOT', slot, 10)) as string[];
      if (keys.length === 0) break;
      await from.ask('MIGRATE', '127.0.0.1', to.port, '', 0, 60_000, 'KEYS', ...keys);
    }
    await to.ask('CLUSTER', 'SETSLOT', slot, 'NODE', toId);
    await from.ask('CLUSTER', 'SETSLOT', slot, 'NODE', toId);
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()));
  }
}
