import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { peer, respite } from '../../bench/contender.js';
import { now, unixAhead } from '../../bench/load/clock.js';
import { LoadGenerator } from '../../bench/load/generator.js';
import type { OperationName } from '../../bench/operations.js';
import { Server } from '../../bench/server.js';
import { GROWING, INDEXED, PLAIN, type Shape, SLIDING_WRITE, TYPICAL, WHOLE } from '../../bench/sessions.js';
import { RedisServer } from '../tools/redis-server.js';

const FIVE_PER_NAME: Shape = { ...INDEXED, perName: 5 };
const NEVER: Shape = { ...TYPICAL, ttl: 0, extend: 'NONE' };

/** Each step needs what the steps before it have left. A wrong reply to any request fails. */
const STEPS: readonly { operation: OperationName; shape: Shape; first?: number; count: number; left: number }[] = [
  { operation: 'create', shape: TYPICAL, count: 10, left: 10 },
  { operation: 'read', shape: TYPICAL, count: 10, left: 10 },
  { operation: 'write', shape: SLIDING_WRITE, count: 10, left: 10 },
  { operation: 'logout', shape: TYPICAL, count: 10, left: 0 },
  { operation: 'create', shape: GROWING, count: 1, left: 1 },
  { operation: 'addKey', shape: GROWING, first: 1, count: 9, left: 1 },
  { operation: 'read', shape: GROWING, count: 10, left: 1 },
  { operation: 'write', shape: GROWING, count: 10, left: 1 },
  { operation: 'logout', shape: GROWING, count: 1, left: 0 },
  { operation: 'login', shape: TYPICAL, count: 10, left: 10 },
  { operation: 'create', shape: { ...WHOLE, spread: true }, first: 10, count: 10, left: 20 },
  { operation: 'readAll', shape: WHOLE, first: 10, count: 10, left: 20 },
  { operation: 'setString', shape: PLAIN, count: 10, left: 30 },
  { operation: 'getString', shape: PLAIN, count: 10, left: 30 },
  { operation: 'ping', shape: TYPICAL, count: 10, left: 30 },
];

const redis = RedisServer.there ? [peer('Redis', 'redis-server')] : [];

describe.each([respite(), ...redis])('operations on $name', (contender) => {
  let server: Server;
  let generator: LoadGenerator;
  const run = (operation: OperationName, shape: Shape, count: number, first = 0, block?: number) =>
    generator.fill(server, { operation, shape, first, count }, block);

  beforeAll(async () => {
    server = await Server.start(contender);
    generator = await LoadGenerator.start();
  });
  afterAll(async () => {
    generator.stop();
    await server.stop();
  });

  it('get the replies that they expect, and leave the sessions that they should', async () => {
    for (const { operation, shape, count, first, left } of STEPS) {
      await run(operation, shape, count, first);
      expect(await server.count(), operation).toBe(left);
    }
  });

  it('fail with the reply if it is another one', async () => {
    await expect(run('logout', TYPICAL, 1, 1_000_000)).rejects.toThrow('":0\\r\\n", not :1');
  });

  it('keep an index with which a server without names can find sessions', async () => {
    await server.removeAll();
    await run('create', FIVE_PER_NAME, 10);
    // Redis has a set for each of the two names.
    const sets = contender.dialect === 'redis' ? 2 : 0;
    expect(await server.count()).toBe(10 + sets);
    await run('logout', FIVE_PER_NAME, 5, 5);
    expect(await server.count()).toBe(sets > 0 ? 6 : 5);
    await run('logoutEverywhere', FIVE_PER_NAME, 1);
    expect(await server.count()).toBe(0);
  });

  it('repeat in a closed loop, and in an open loop that is ended', async () => {
    await server.removeAll();
    await run('create', TYPICAL, 10);
    const work = { operation: 'read', shape: TYPICAL, count: 10, sample: 10 } as const;
    const closed = await generator.prepare(server, { kind: 'closed', work, connections: 2, depth: 8, seconds: 0.1 });
    expect((await closed.begin()).operations).toBeGreaterThan(10);
    const streams = [{ work, connections: 2, perSecond: 100 }];
    const open = await generator.prepare(server, { kind: 'open', streams, warmUp: 0, seconds: Infinity });
    const found = open.begin();
    open.end();
    expect((await found).latency.max).toBeGreaterThanOrEqual(0);
  });

  it('let sessions expire when they are due, which the subscriber receives once for each', async () => {
    if (contender.dialect === 'redis') await server.client.config('SET', 'notify-keyspace-events', 'Ex');
    /** Returns nothing if the machine was too slow to set all deadlines before the first: Redis has no event then. */
    const expire = async (leadMs: number) => {
      await server.removeAll();
      const subscriber = await LoadGenerator.start();
      try {
        const events = await subscriber.prepare(server, { kind: 'events', sessions: 100 });
        await run('create', NEVER, 100);
        const begin = now() + leadMs;
        const shape = { ...NEVER, due: { begin, span: 200, unixAhead: unixAhead() } };
        await run('expire', shape, 100, 0, 10);
        return now() < begin ? await events.begin(shape) : undefined;
      } finally {
        subscriber.stop();
      }
    };
    let findings = await expire(200);
    for (let leadMs = 400; findings === undefined; leadMs *= 2) findings = await expire(leadMs);
    const { lateness, missing, twice } = findings;
    expect({ missing, twice }).toEqual({ missing: 0, twice: 0 });
    // Deadlines are whole milliseconds, and up to half of one early.
    expect(lateness.max).toBeGreaterThan(0);
    expect(await server.count()).toBe(0);
  });
});

describe.skipIf(!RedisServer.there)('several targets', () => {
  it('share the sessions, and each keeps its own from one order to the next', async () => {
    const server = await Server.start(peer('Redis', 'redis-server'));
    const generator = await LoadGenerator.start();
    try {
      const targets = ['{a}', '{b}'].map((tag) => ({ port: server.port, dialect: server.dialect, tag }));
      // In blocks of three, so that a block begins with each of the targets.
      await generator.fill(targets, { operation: 'create', shape: TYPICAL, first: 5, count: 10 }, 3);
      expect(await server.client.keys('{a}*')).toHaveLength(5);
      expect(await server.client.keys('{b}*')).toHaveLength(5);
      const work = { operation: 'read', shape: TYPICAL, first: 5, count: 10, sample: 10 } as const;
      const loop = { kind: 'closed', work, connections: 2, depth: 8, seconds: 0.1 } as const;
      const reads = await generator.prepare(targets, loop);
      expect((await reads.begin()).operations).toBeGreaterThan(10);
      await generator.fill(targets, { operation: 'logout', shape: TYPICAL, first: 8, count: 7 });
      expect(await server.count()).toBe(3);
    } finally {
      generator.stop();
      await server.stop();
    }
  });
});
