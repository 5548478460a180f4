import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { connectNodes } from '../../../src/store/valkey/nodes/connect.js';
import type { NodesOptions } from '../../../src/store/valkey/nodes/nodes.js';
import { hasOpenssl, writeSignedCertificate } from '../../tools/certificate.js';
import { eventually } from '../../tools/eventually.js';
import { type ClusterSettings, RedisCluster } from '../../tools/redis-cluster.js';
import { RedisServer } from '../../tools/redis-server.js';
import { LIBRARY, optionsFor } from './test-library.js';

const PASSWORD = 'a-secret-that-nobody-sees';

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start(options: readonly string[]): Promise<RedisServer> {
  const server = await RedisServer.start(options);
  cleanups.push(() => server.stop());
  return server;
}

/** Connects and calls a function. */
async function use(options: NodesOptions): Promise<unknown> {
  const nodes = await connectNodes(options);
  try {
    return await nodes.call(1, 'base', []);
  } finally {
    await nodes.close();
  }
}

/** Returns why the store cannot be used. */
async function refusal(options: NodesOptions): Promise<string> {
  const error = await use(options).catch((error: Error) => error);
  expect(error).toMatchObject({ name: 'UnusableStoreError' });
  expect(String(error)).not.toContain(PASSWORD);
  expect(String(error)).not.toContain('\n');
  return (error as Error).message;
}

describe.runIf(RedisServer.there)('a store', () => {
  it('with a password wants it', async () => {
    const server = await start(['--requirepass', PASSWORD]);
    expect(await use(optionsFor([server], { password: PASSWORD }))).toEqual(Buffer.from('test:{1}'));
    expect(await refusal(optionsFor([server]))).toMatch(/refuses respite: NOAUTH .*password/);
    expect(await refusal(optionsFor([server], { password: `not ${PASSWORD}` }))).toMatch(/refuses respite: WRONGPASS/);
  });

  it('without a password takes anyone', async () => {
    const server = await start([]);
    expect(await use(optionsFor([server], { password: PASSWORD }))).toEqual(Buffer.from('test:{1}'));
  });

  it('with users needs one that may load functions', async () => {
    const server = await start([]);
    const rights = ['on', `>${PASSWORD}`, '~*', '&*', '+@all'];
    await server.ask('ACL', 'SETUSER', 'alice', ...rights);
    await server.ask('ACL', 'SETUSER', 'bob', ...rights, '-function');
    expect(await use(optionsFor([server], { user: 'alice', password: PASSWORD }))).toEqual(Buffer.from('test:{1}'));
    expect(await refusal(optionsFor([server], { user: 'bob', password: PASSWORD }))).toMatch(/refuses respite: NOPERM/);
  });

  it.each([
    ['Redis 6.2.14', 'redis_version:6.2.14\r\nredis_mode:standalone'],
    ['Redis of an unknown version', 'redis_mode:standalone'],
    ['Valkey 7.1.9', 'redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:7.1.9\r\nserver_mode:standalone'],
  ])('that is %s is refused', async (what, info) => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', () => socket.write(`$${info.length}\r\n${info}\r\n`));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    cleanups.push(() => server.close());
    const { port } = server.address() as { port: number };
    expect(await refusal({ ...optionsFor([]), addresses: [{ host: '127.0.0.1', port }] })).toBe(
      `127.0.0.1:${port} is ${what}, but a store has to be Redis 7.0 or Valkey 7.2, or newer`,
    );
  });

  it('whose library has a mistake is refused', async () => {
    const server = await start([]);
    const library = { ...LIBRARY, code: '#!lua name=broken\nthis is not Lua' };
    expect(await refusal(optionsFor([server], { library }))).toMatch(/refuses respite: ERR /);
  });

  it('that is a replica is refused', async () => {
    const primary = await start([]);
    const replica = await start(['--replicaof', `127.0.0.1 ${primary.port}`]);
    expect(await refusal(optionsFor([replica]))).toMatch(/READONLY|LOADING|MASTERDOWN/);
  });
});

describe.runIf(RedisServer.there && hasOpenssl)('a cluster with TLS', () => {
  /** @param name In the certificates of the nodes. */
  async function startCluster(name: string, settings: ClusterSettings) {
    const directory = mkdtempSync(join(tmpdir(), 'respite-tls-'));
    cleanups.push(() => rmSync(directory, { recursive: true }));
    writeSignedCertificate(directory, name);
    const file = (which: string) => join(directory, which);
    const ca = readFileSync(file('ca.pem'));
    const tls = { ca, checkServerIdentity: () => undefined };
    const cluster = await RedisCluster.start({
      ...settings,
      options: [
        ...['--tls-cert-file', file('cert.pem'), '--tls-key-file', file('key.pem')],
        ...['--tls-ca-cert-file', file('ca.pem'), '--tls-auth-clients', 'no', ...(settings.options ?? [])],
      ],
      credentials: { tls, ...settings.credentials },
    });
    cleanups.push(() => cluster.stop());
    return { cluster, ca, tls };
  }

  it('is used with the authority that signed its certificates', async () => {
    const secured = { options: ['--requirepass', PASSWORD], credentials: { password: PASSWORD } };
    const { cluster, tls } = await startCluster('127.0.0.1', secured);
    expect(await use(optionsFor(cluster.nodes, { tls, password: PASSWORD }))).toEqual(Buffer.from('test:{1}'));
    expect(await refusal(optionsFor(cluster.nodes, { tls: {}, password: PASSWORD }))).toMatch(
      /SELF_SIGNED|UNABLE_TO_VERIFY/,
    );
    expect(await refusal(optionsFor(cluster.nodes, { password: PASSWORD }))).toMatch(/^cannot connect to the store/);
  });

  it('is followed by the names that its nodes announce, which their certificates have', async () => {
    const { cluster, ca } = await startCluster('localhost', {
      replicas: 1,
      nodeTimeout: 2000,
      options: ['--cluster-announce-hostname', 'localhost'],
    });
    const named = (servers: readonly RedisServer[]) => servers.map(({ port }) => `localhost:${port}`).sort();
    const addresses = cluster.nodes.map(({ port }) => ({ host: 'localhost', port }));
    const nodes = await connectNodes({ ...optionsFor([], { tls: { ca }, timeout: 2000 }), addresses });
    cleanups.push(() => nodes.close());
    const [first, second] = cluster.nodes as [RedisServer, RedisServer];
    expect([...nodes.state().primaries].sort()).toEqual(named(cluster.nodes.slice(0, 3)));
    // The error with which a node says that a slot has moved has an address, which no certificate has.
    let partition = 0;
    const slotOf = async () => Number(await first.ask('CLUSTER', 'KEYSLOT', `{${partition}}`));
    while ((await cluster.primaryOf(await slotOf(), first)) !== first) partition += 1;
    await cluster.moveSlot(await slotOf(), second);
    expect(await nodes.call(partition, 'add', [1])).toBe(1);
    await eventually(() => nodes.state().reachable);
    expect([...nodes.state().primaries].sort()).toEqual(named(cluster.nodes.slice(0, 3)));
    const replica = await cluster.replicaOf(second);
    await eventually(async () => (await replica.ask('DBSIZE')) === 1);
    await second.kill();
    await eventually(() => nodes.state().reachable && nodes.state().primaries.includes(`localhost:${replica.port}`));
    expect(await nodes.call(partition, 'add', [1])).toBe(2);
  });
});
