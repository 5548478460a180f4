import { Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { Slice } from '../../../src/slice.js';
import { connectNodes } from '../../../src/store/valkey/nodes/connect.js';
import type { Nodes, NodesOptions } from '../../../src/store/valkey/nodes/nodes.js';
import { eventually } from '../../tools/eventually.js';
import { RedisCluster } from '../../tools/redis-cluster.js';
import { RedisServer } from '../../tools/redis-server.js';
import { optionsFor } from './test-library.js';

const PARTITIONS = 256;

const opened: Nodes[] = [];

async function connect(options: NodesOptions): Promise<Nodes> {
  const nodes = await connectNodes(options);
  opened.push(nodes);
  return nodes;
}

afterEach(async () => {
  await Promise.all(opened.splice(0).map((nodes) => nodes.close()));
});

describe.runIf(RedisServer.there)('a single primary', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.stop());

  it('is recognized', async () => {
    const nodes = await connect(optionsFor([server]));
    expect(nodes.state()).toMatchObject({
      kind: 'single',
      version: expect.stringMatching(/^(Redis|Valkey) \d+\.\d+\.\d+$/),
      primaries: [server.address],
      reachable: true,
      lastError: undefined,
    });
  });

  it('gets arguments of any kind and bytes, and the base key of the partition', async () => {
    const nodes = await connect(optionsFor([server]));
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    const large = Buffer.alloc(100_000, 'x');
    const args = ['', 'größer', 42, -1.5, bytes, Slice.of(bytes), new Slice(bytes, 10, 13), new Uint8Array(0), large];
    expect(await nodes.call(7, 'echo', args)).toEqual(
      ['', 'größer', '42', '-1.5', bytes, bytes, Buffer.from([10, 11, 12]), '', large].map((it) => Buffer.from(it)),
    );
    expect(await nodes.call(7, 'base', [])).toEqual(Buffer.from('test:{7}'));
  });

  it('takes the arguments as they are when the call is made', async () => {
    const nodes = await connect(optionsFor([server]));
    const buffer = Buffer.from('before');
    const args = [buffer];
    const answer = nodes.call(0, 'echo', args);
    buffer.fill('x');
    args.length = 0;
    expect(await answer).toEqual([Buffer.from('before')]);
  });

  it('answers with values of all kinds, and with errors', async () => {
    const nodes = await connect(optionsFor([server]));
    expect(await nodes.call(0, 'kinds', [])).toEqual([1, Buffer.from('text'), null, [2, [Buffer.from('inner')]]]);
    await expect(nodes.call(0, 'fail', [])).rejects.toMatchObject({ code: 'NOSESSION', message: 'no such session' });
    await expect(nodes.call(0, 'oops', [])).rejects.toMatchObject({
      code: 'ERR',
      message: expect.stringContaining('oops'),
    });
    expect(await nodes.call(0, 'exec', [])).toEqual([
      expect.objectContaining({ code: 'NOSESSION', message: 'no such session' }),
      Buffer.from('OK'),
    ]);
  });

  it('gets the library again if it has lost it, and runs each call once', async () => {
    const nodes = await connect(optionsFor([server]));
    await server.ask('FLUSHALL');
    await server.ask('FUNCTION', 'FLUSH');
    const answers = Array.from({ length: 10 }, () => nodes.call(1, 'add', [1]));
    expect(await Promise.all(answers)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('can be restarted, also without the library', async () => {
    const nodes = await connect(optionsFor([server]));
    await server.kill();
    await eventually(() => !nodes.state().reachable);
    expect(nodes.state().lastError).toContain(server.address);
    const answer = nodes.call(2, 'add', [5]);
    await server.restart();
    expect(await answer).toBe(5);
    expect(nodes.state()).toMatchObject({ reachable: true });
  });

  it('can be left while calls go on', async () => {
    const nodes = await connectNodes(optionsFor([server], { timeout: 300 }));
    let isOver = false;
    const call = async (): Promise<void> => {
      while (!isOver) await nodes.call(0, 'echo', ['x']).catch(() => new Promise(setImmediate));
    };
    const calls = Promise.all([call(), call()]);
    await nodes.close();
    await expect(nodes.call(0, 'echo', ['x'])).rejects.toMatchObject({ code: 'TRYAGAIN', mayHaveRun: false });
    isOver = true;
    await calls;
  });

  it('has the database of the options', async () => {
    const nodes = await connect(optionsFor([server], { database: 3 }));
    await nodes.call(0, 'add', [1]);
    expect(await server.ask('INFO', 'keyspace')).toContain('db3:keys=1');
    await expect(connectNodes(optionsFor([server], { database: 99 }))).rejects.toThrow('DB index is out of range');
  });

  it('is refused if no node answers', async () => {
    const gone = await RedisServer.start();
    await gone.stop();
    await expect(connectNodes(optionsFor([gone]))).rejects.toMatchObject({
      name: 'UnusableStoreError',
      message: `cannot connect to the store (${gone.address}: ECONNREFUSED: connection refused)`,
    });
  });
});

describe.runIf(RedisServer.there)('a cluster', () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await RedisCluster.start();
  });
  afterAll(() => cluster.stop());

  it('is found by any of its nodes', async () => {
    const nodes = await connect(optionsFor([cluster.nodes[1] as RedisServer]));
    const { kind, primaries } = nodes.state();
    expect(kind).toBe('cluster');
    expect([...primaries].sort()).toEqual(cluster.nodes.map(({ address }) => address).sort());
  });

  it('gets the calls of a turn in one write for each node', async () => {
    const nodes = await connect(optionsFor(cluster.nodes));
    const written = vi.spyOn(Socket.prototype, 'write');
    const answers = Array.from({ length: PARTITIONS }, (_, partition) => nodes.call(partition, 'echo', [partition]));
    expect(await Promise.all(answers)).toEqual(answers.map((_, i) => [Buffer.from(String(i))]));
    const writes = written.mock.calls.filter(([bytes]) => String(bytes).includes('t_echo'));
    written.mockRestore();
    expect(writes).toHaveLength(3);
  });

  it('has only database 0', async () => {
    await expect(connectNodes(optionsFor(cluster.nodes, { database: 1 }))).rejects.toThrow('only database 0');
  });

  it('runs each call once, and in order, while slots move', async () => {
    const nodes = await connect(optionsFor(cluster.nodes));
    const moving = [0, 1, 2, 3];
    const made = moving.map(() => 0);
    let isOver = false;
    const load = moving.map(async (partition, i) => {
      while (!isOver) {
        const burst = Array.from({ length: 8 }, () => {
          made[i] = (made[i] ?? 0) + 1;
          return nodes.call(partition, 'note', [made[i] ?? 0]);
        });
        await Promise.all(burst);
      }
    });
    for (const partition of moving) {
      const slot = Number(await cluster.nodes[0]?.ask('CLUSTER', 'KEYSLOT', `{${partition}}`));
      const from = await cluster.primaryOf(slot, cluster.nodes[0] as RedisServer);
      const to = cluster.nodes.find((node) => node !== from) as RedisServer;
      await cluster.moveSlot(slot, to);
    }
    isOver = true;
    await Promise.all(load);
    for (const [i, partition] of moving.entries()) {
      const log = ((await nodes.call(partition, 'log', [])) as Buffer[]).map(Number);
      expect(log).toEqual(Array.from({ length: made[i] ?? 0 }, (_, n) => n + 1));
    }
    expect(nodes.state().failures).toBe(0);
  });
});
