import type { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readEvent } from '../../../src/store/valkey/events/outbox-entry.js';
import { eventually } from '../../tools/eventually.js';
import { Program } from '../../tools/program.js';
import { RedisCluster } from '../../tools/redis-cluster.js';
import { RedisServer } from '../../tools/redis-server.js';

const TOKEN_LENGTH = 22;

/** How much the clock of a node may gain on ours during a test, in ms, and the part of a ms that it does not tell. */
const CLOCKS = 5;

interface Session {
  readonly token: string;
  /** It is due then at the latest, in ms of `performance.now()`. */
  readonly due: number;
}

/** What arrived at a subscriber: how often, by token. */
type Received = Map<string, number>;

describe.runIf(RedisServer.there)('several processes over one cluster', () => {
  let cluster: RedisCluster;
  let programs: Program[] = [];
  /** The prefix of the keys of this test. */
  let prefix = '';

  beforeAll(async () => {
    cluster = await RedisCluster.start();
  });

  beforeEach(() => {
    prefix = `test${Math.random().toString(36).slice(2)}:`;
    programs = [];
    return async () => {
      await Promise.all(programs.map((program) => program.kill()));
    };
  });

  afterAll(() => cluster.stop());

  async function start(): Promise<Program> {
    const addresses = cluster.nodes.map(({ address }) => address).join(',');
    // No call fails because the machine is busy.
    const patient = ['--store-timeout', '60000'];
    const program = await Program.start(['--store', `redis://${addresses}`, '--store-prefix', prefix, ...patient]);
    programs.push(program);
    return program;
  }

  async function subscribe(program: Program): Promise<{ tokens: Received; data: Received }> {
    const received = { tokens: new Map<string, number>(), data: new Map<string, number>() };
    const client = program.client();
    client.on('pmessage', (pattern: string, _channel: string, message: string) => {
      const isData = pattern.startsWith('__sessiondata__');
      const token = isData ? tokenOf(message) : message;
      const counts = isData ? received.data : received.tokens;
      counts.set(token, (counts.get(token) ?? 0) + 1);
    });
    await client.psubscribe('__session__:expired:*', '__sessiondata__:expired:*');
    return received;
  }

  /** Creates sessions through one of the processes, due after `first` ms and then one every `step` ms. */
  async function create(client: Redis, count: number, first: number, step: number): Promise<Session[]> {
    return Promise.all(
      Array.from({ length: count }, async (_, i) => {
        const data = ['DATA', 'number', i, 'what', 'a basket'];
        const token = (await client.call('SESSION.NEW', `user:${i % 7}`, 3600, ...data)) as string;
        const ttl = first + i * step;
        await client.call('SESSION.PEXPIRE', token, ttl);
        return { token, due: performance.now() + ttl };
      }),
    );
  }

  /** Returns how often the outboxes have that a session expired, by token. */
  async function outboxes(): Promise<Received> {
    const expired: Received = new Map();
    for (const node of cluster.nodes) {
      const keys = (await node.ask('KEYS', `${prefix}{*}:events`)) as string[];
      for (const key of keys) {
        const entries = (await node.askBuffers('XRANGE', key, '-', '+')) as [Buffer, [Buffer, Buffer]][];
        for (const [, [, payload]] of entries) {
          const { event, token } = readEvent(payload);
          if (event !== 'expired') continue;
          expired.set(token, (expired.get(token) ?? 0) + 1);
        }
      }
    }
    return expired;
  }

  it('publishes each expiry once to each subscriber, and no session can be read past its deadline', async () => {
    const [first, second] = [await start(), await start()];
    const received = [await subscribe(first), await subscribe(second)];
    const clients = [first.client(), second.client()];
    const sessions = (await Promise.all(clients.map((client) => create(client, 100, 500, 15)))).flat();
    // Reads each session from both processes until it is gone.
    await Promise.all(
      sessions.flatMap(({ token, due }) =>
        clients.map(async (client) => {
          for (;;) {
            const sent = performance.now();
            const value = await client.call('SESSION.GET', token, 'what').catch((error: Error) => error.message);
            if (value !== 'a basket') {
              expect(value).toMatch(/^NOSESSION/);
              return;
            }
            expect(sent).toBeLessThan(due + CLOCKS);
          }
        }),
      ),
    );
    const once = new Map(sessions.map(({ token }) => [token, 1]));
    for (const { tokens, data } of received) {
      await eventually(() => tokens.size === sessions.length && data.size === sessions.length);
      expect(tokens).toEqual(once);
      expect(data).toEqual(once);
    }
    expect(await outboxes()).toEqual(once);
    // Nothing is left of them, the indexes of their names included.
    await eventually(async () => {
      const keys = await Promise.all(cluster.nodes.map((node) => node.ask('KEYS', `${prefix}*`) as Promise<string[]>));
      return keys.flat().every((key) => /:(events|stats|store|processes)$/.test(key));
    });
  });

  it('expires the sessions of a process that was killed, once', async () => {
    const [first, second] = [await start(), await start()];
    const received = await subscribe(second);
    const sessions = await create(first.client(), 600, 200, 5);
    await eventually(() => received.tokens.size >= sessions.length / 3);
    await first.kill();
    await eventually(() => received.tokens.size === sessions.length && received.data.size === sessions.length);
    const once = new Map(sessions.map(({ token }) => [token, 1]));
    expect(received.tokens).toEqual(once);
    expect(await outboxes()).toEqual(once);
  });

  it('publishes late what fell due while no process ran, also if the store has removed it', async () => {
    const first = await start();
    const sessions = await create(first.client(), 200, 3000, 3);
    const lasting = (await first.client().call('SESSION.NEW', 'user:1', 3600)) as string;
    await first.stop();
    const before = await outboxes();
    const due = Math.max(...sessions.map((session) => session.due));
    await eventually(() => performance.now() > due + CLOCKS);
    expect(await outboxes()).toEqual(before);
    // The store removes a session an hour after its deadline, if no process has.
    const forgotten = sessions.find(({ token }) => !before.has(token))?.token;
    await Promise.all(
      cluster.nodes.map(async (node) => {
        const keys = (await node.ask('KEYS', `${prefix}{*}:s:${forgotten}`)) as string[];
        for (const key of keys) await node.ask('DEL', key);
      }),
    );
    const second = await start();
    const once = new Map(sessions.map(({ token }) => [token, 1]));
    await eventually(async () => (await outboxes()).size === sessions.length);
    expect(await outboxes()).toEqual(once);
    expect(await second.client().call('SESSION.EXISTS', lasting)).toBe(1);
  });
});

/** Returns the token in a message with data, which must have all of it. */
function tokenOf(message: string): string {
  const { event, token, keys } = JSON.parse(message);
  expect([event, Object.keys(keys).sort(), token.length]).toEqual(['expired', ['number', 'what'], TOKEN_LENGTH]);
  return token;
}
