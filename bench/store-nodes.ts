import { Redis } from 'ioredis';
import { RedisCluster } from '../test/tools/redis-cluster.js';
import type { Target } from './load/orders.js';
import { cpuSecondsOf } from './processes.js';

/** A primary of the cluster that keeps the sessions. */
export interface StoreNode {
  readonly pid: number;
  readonly client: Redis;
  /** How an application reaches it that has all its keys there. */
  readonly target: Target & { readonly tag: string };
}

/** A cluster of three primaries without replicas. `STORE_SERVER` names its program; default: `redis-server`. */
export class StoreNodes {
  readonly all: readonly StoreNode[];
  readonly #cluster: RedisCluster;

  private constructor(cluster: RedisCluster, nodes: readonly StoreNode[]) {
    this.#cluster = cluster;
    this.all = nodes;
  }

  static async start(): Promise<StoreNodes> {
    const cluster = await RedisCluster.start({ primaries: 3 });
    const nodes = cluster.nodes.map(async (node): Promise<StoreNode> => {
      const client = new Redis(node.port, { retryStrategy: null });
      client.on('error', () => {});
      const pid = Number(/^process_id:(\d+)/m.exec(await client.info('server'))?.[1]);
      let number = 0;
      const isHere = async () =>
        (await cluster.primaryOf(await client.cluster('KEYSLOT', `{${number}}`), node)) === node;
      while (!(await isHere())) number++;
      return { pid, client, target: { port: node.port, dialect: 'redis', tag: `{${number}}` } };
    });
    return new StoreNodes(cluster, await Promise.all(nodes));
  }

  /** Where respite finds the cluster. */
  get url(): string {
    return `redis://127.0.0.1:${this.all[0].target.port}`;
  }

  async version(): Promise<string> {
    const info = await this.all[0].client.info('server');
    const valkey = /^valkey_version:(\S+)/m.exec(info)?.[1];
    return valkey === undefined ? `Redis ${/^redis_version:(\S+)/m.exec(info)?.[1]}` : `Valkey ${valkey}`;
  }

  cpuSeconds(): number {
    return this.all.reduce((sum, { pid }) => sum + cpuSecondsOf(pid), 0);
  }

  /** Returns how often the nodes have read from a socket. */
  async reads(): Promise<number> {
    const counts = this.all.map(async ({ client }) =>
      Number(/^total_reads_processed:(\d+)/m.exec(await client.info('stats'))?.[1]),
    );
    return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
  }

  async stop(): Promise<void> {
    for (const { client } of this.all) client.disconnect();
    await this.#cluster.stop();
  }
}
