import type { Redis } from 'ioredis';
import { afterEach, describe, expect, it } from 'vitest';
import { Partitions } from '../../src/store/valkey/addressing/partitions.js';
import { eventually } from '../tools/eventually.js';
import { Program } from '../tools/program.js';
import { type ClusterSettings, RedisCluster } from '../tools/redis-cluster.js';
import { RedisServer } from '../tools/redis-server.js';

// A node that is stopped with SIGSTOP is like one behind a network that loses everything: its connections stay open,
// and nothing comes back.

const PARTITIONS = 32;
/** Longer than any test lasts: no node counts as failed. */
const NEVER = 600_000;

let cluster: RedisCluster | undefined;
let program: Program | undefined;
afterEach(async () => {
  for (const node of cluster?.nodes ?? []) node.resume();
  await program?.stop();
  await cluster?.stop();
  program = undefined;
  cluster = undefined;
});

/** Starts a cluster, the program over it, and a client with one session on each of the first three nodes. */
async function start(settings: ClusterSettings, ...args: string[]) {
  cluster = await RedisCluster.start(settings);
  const { nodes } = cluster;
  const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`).join(',');
  program = await Program.start(
    [
      ...['--store', `redis://${addresses}`, '--store-partitions', String(PARTITIONS), '--store-timeout', '2000'],
      ...args,
    ],
    { RESPITE_HTTP_PORT: '0' },
  );
  const client = program.client();
  const tokens: string[] = [];
  const partitions = new Partitions(PARTITIONS);
  for (let i = 0; tokens.filter(Boolean).length < 3; i++) {
    const slot = Number(await nodes[0].ask('CLUSTER', 'KEYSLOT', `respite:{${i}}`));
    const at = nodes.indexOf(await cluster.primaryOf(slot, nodes[0]));
    if (tokens[at] !== undefined) continue;
    tokens[at] = partitions.newTokenIn(i);
    // While the store is new, a machine that is busy may be late. An attempt that failed may have created the session.
    const settings = ['86400', 'TOKEN', tokens[at], 'DATA', 'a', '1'];
    await eventually(async () =>
      [tokens[at], 'SESSIONEXISTS'].includes(String(await outcome(client, 'SESSION.NEW', `name ${i}`, ...settings))),
    );
  }
  return { client, nodes, tokens, url: program.pageUrl };
}

const ready = async (url: string) => (await fetch(`${url}/readyz`)).status;

/** The code of the error that a request gets, or what it replies. */
async function outcome(client: Redis, ...[command, ...args]: string[]): Promise<unknown> {
  return client.call(command, ...args).catch((error: Error) => error.message.split(' ')[0]);
}

describe.skipIf(!RedisServer.there)('a store with nodes behind a broken network', () => {
  it('fails what needs them in time, serves the rest, and recovers by itself', async () => {
    const { client, nodes, tokens, url } = await start({ nodeTimeout: NEVER });
    expect(await ready(url)).toBe(200);
    nodes[0].pause();
    // Neither hangs: the first may have been sent.
    await eventually(async () => (await outcome(client, 'SESSION.SET', tokens[0], 'a', '2')) === 'TRYAGAIN');
    await eventually(async () => (await ready(url)) === 503);
    expect(await client.info('store')).toContain('store_state:');
    // One that fails does not hold up the others, whichever comes first.
    await eventually(async () => {
      const [failed, set, got] = await Promise.all([
        outcome(client, 'SESSION.GET', tokens[0], 'a'),
        outcome(client, 'SESSION.SET', tokens[1], 'b', '2'),
        outcome(client, 'SESSION.GET', tokens[2], 'a'),
      ]);
      return failed === 'TRYAGAIN' && set === 'OK' && got === '1';
    });
    nodes[0].resume();
    await eventually(async () => (await ready(url)) === 200);
    await eventually(async () => (await outcome(client, 'SESSION.SET', tokens[0], 'a', '3')) === 'OK');
    await eventually(async () => String(await outcome(client, 'SESSION.MGET', tokens[0], 'a', 'b')) === '3,');
  });

  it('is down while most nodes are away, and recovers by itself', async () => {
    const { client, nodes, tokens, url } = await start({ nodeTimeout: 1000 });
    for (const node of nodes.slice(1)) node.pause();
    // The last one gives up as well, because the others may have chosen new primaries.
    await eventually(async () => (await outcome(client, 'SESSION.GET', tokens[0], 'a')) === 'CLUSTERDOWN');
    await eventually(async () => (await ready(url)) === 503);
    for (const node of nodes) node.resume();
    await eventually(async () => (await ready(url)) === 200);
    for (const token of tokens)
      await eventually(async () => (await outcome(client, 'SESSION.GET', token, 'a')) === '1');
  });

  it('uses the replica of a primary that was cut off, and nothing that the primary says when it is back', async () => {
    const { client, nodes, tokens, url } = await start({ replicas: 1, nodeTimeout: 2000 }, '--store-wait', '1');
    const [token] = tokens;
    const [primary] = nodes;
    await eventually(async () => (await outcome(client, 'SESSION.SET', token, 'a', '2')) === 'OK');
    primary.pause();
    // What was acknowledged is there.
    await eventually(async () => (await outcome(client, 'SESSION.GET', token, 'a')) === '2');
    primary.resume();
    await eventually(async () => (await outcome(client, 'SESSION.SET', token, 'a', '3')) === 'OK');
    await eventually(async () => (await ready(url)) === 200);
    await eventually(async () => /role:slave/.test(String(await primary.ask('INFO', 'replication'))));
    await eventually(async () => (await outcome(client, 'SESSION.GET', token, 'a')) === '3');
  });
});
