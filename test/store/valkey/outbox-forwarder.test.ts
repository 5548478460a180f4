import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { SessionEvent } from '../../../src/engine/index.js';
import type { StreamSource } from '../../../src/store/remote-store.js';
import { OriginIds } from '../../../src/store/valkey/addressing/origin-ids.js';
import { type Argument, type Nodes, StoreError } from '../../../src/store/valkey/nodes/nodes.js';
import { OutboxForwarder } from '../../../src/store/valkey/stream/outbox-forwarder.js';
import { FakeClock } from '../../fake-clock.js';
import { BASE, LibraryServer, newToken } from './library-server.js';

const PARTITION = 17;
const STREAM_BASE = 'respite:{0}';
/** The keys that a failover of either node can set back. */
const OUTBOX_KEYS = [`${BASE}:events`, `${BASE}:forwarded`];
const STREAM_KEYS = [`${STREAM_BASE}:stream`, `${STREAM_BASE}:positions`, `${STREAM_BASE}:recent:${PARTITION}`];

/** What a replica of a server has received so far: it lags until `follow`. */
class Replica {
  readonly #server: LibraryServer;
  readonly #keys: readonly string[];
  #values: (Buffer | null)[] = [];

  constructor(server: LibraryServer, keys: readonly string[]) {
    this.#server = server;
    this.#keys = keys;
  }

  async follow(): Promise<void> {
    this.#values = await this.#server.redis
      .multi(this.#keys.map((key) => ['dumpBuffer', key]))
      .exec()
      .then((replies) => (replies ?? []).map(([, value]) => value as Buffer | null));
  }

  /** Takes over. */
  async promote(): Promise<void> {
    const restoring = this.#server.redis.multi([['del', ...this.#keys]]);
    this.#keys.forEach((key, i) => {
      const value = this.#values[i];
      if (value) restoring.restore(key, 0, value);
    });
    restoring.call('DEBUG', 'CHANGE-REPL-ID');
    await restoring.exec();
  }
}

describe.runIf(LibraryServer.there)('events on their way to the stream', () => {
  let sessions: LibraryServer;
  let stream: LibraryServer;
  let clock: FakeClock;
  let kept: (event: SessionEvent) => boolean;
  /** What happens to the next calls: they run, are lost before or after they run, or take a moment longer. */
  let fates: string[];
  /** How many calls are under way. */
  let underWay = 0;

  beforeAll(async () => {
    const start = () => LibraryServer.start('--enable-debug-command', 'yes');
    [sessions, stream] = await Promise.all([start(), start()]);
  });

  beforeEach(async () => {
    clock = new FakeClock();
    kept = () => true;
    fates = [];
    await clear();
  });

  afterAll(async () => {
    await Promise.all([sessions.stop(), stream.stop()]);
  });

  const clear = () => Promise.all([sessions.redis.flushall(), stream.redis.flushall()]);

  function forwarder(): OutboxForwarder {
    const nodes = {
      async call(partition: number, fn: string, args: readonly Argument[]) {
        const fate = fates.shift();
        underWay++;
        try {
          if (fate === 'late') await sleep(2);
          if (fate === 'lost') throw new StoreError('TRYAGAIN', 'lost', true);
          const server = partition === 0 ? stream : sessions;
          const reply = await server.callAt(`respite:{${partition}}`, fn, args as (Buffer | string | number)[]);
          if (fate === 'reply lost') throw new StoreError('TRYAGAIN', 'lost', true);
          return reply;
        } finally {
          underWay--;
        }
      },
    } as unknown as Nodes;
    const source: StreamSource = {
      keeps: (event) => kept(event),
      data: (event) => (event.event === 'new' ? undefined : Buffer.from(`{"keys":${event.data?.length}}`)),
      retention: { maxLength: 0, maxBytes: 0, maxAge: 0 },
    };
    const onFault = (fault: unknown) => {
      throw fault;
    };
    const counts = { forwarded: 0, failures: 0 };
    return new OutboxForwarder(PARTITION, {
      nodes,
      clock,
      ids: new OriginIds(Buffer.alloc(32)),
      source,
      events: 1000,
      counts,
      onFault,
    });
  }

  /** Creates sessions with a name each. */
  const create = (names: readonly string[]) =>
    Promise.all(
      names.map((name) => sessions.call('create', newToken(), name, 1, 0, 0, Date.now() * 1000, 'cart', 'pizza')),
    );

  /** Returns the names of the sessions whose events are in the outbox, in order. */
  async function outbox(): Promise<string[]> {
    const [, ...entries] = await sessions.call<Buffer[]>('events', '0-0', 100_000);
    return entries.flatMap((payload, i) =>
      i % 2 === 1 ? [/e\d+$/.exec(payload.toString('latin1', 0, payload.length - 1))?.[0] ?? ''] : [],
    );
  }

  /** Returns the entries of the stream as objects. */
  async function entries(): Promise<Record<string, string>[]> {
    const all = await stream.redis.xrange(`${STREAM_BASE}:stream`, '-', '+');
    return all.map(([, fields]) =>
      Object.fromEntries(fields.flatMap((field, i) => (i % 2 === 0 ? [[field, fields[i + 1]]] : []))),
    );
  }

  /** Waits until forwarders have nothing left to do. */
  async function settle(...all: OutboxForwarder[]): Promise<void> {
    for (const one of all) one.check();
    while (all.some(({ behindSince }) => behindSince !== undefined)) {
      await sleep(1);
      clock.advance(1000);
    }
  }

  it('have the same fields as in memory', async () => {
    const token = newToken();
    await sessions.call('create', token, 'basket', 1, 0, 0, Date.now() * 1000, 'cart', 'pizza');
    await sessions.call('end', token, 'ended');
    await settle(forwarder());
    const [created, ended] = await entries();
    expect(Object.keys(created)).toEqual(['event', 'name', 'id', 'token', 'at', 'created']);
    expect(Object.keys(ended)).toEqual(['event', 'name', 'id', 'token', 'at', 'created', 'data']);
    const [id] = new OriginIds(Buffer.alloc(32)).ofAll([Buffer.from(token)]);
    expect(ended).toMatchObject({ event: 'ended', name: 'basket', id, token, data: '{"keys":2}' });
    expect(Math.abs(Number(ended.at) - Date.now())).toBeLessThan(600_000);
  });

  it('are left out by the filter, and never looked at again', async () => {
    kept = (event) => event === 'ended';
    await create(['e1', 'e2']);
    const one = forwarder();
    await settle(one);
    kept = () => true;
    await create(['e3']);
    await settle(one, forwarder());
    expect((await entries()).map(({ name }) => name)).toEqual(['e3']);
  });

  it('stay in the outbox until they are in the stream, however many they are', async () => {
    await settle(forwarder());
    await create(Array.from({ length: 1500 }, (_, i) => `e${i}`));
    await sessions.call('due', 1000, 10, 100, -1000);
    expect(await outbox()).toHaveLength(1500);
    const one = forwarder();
    await settle(one);
    expect(await entries()).toHaveLength(1500);
    // Those that are in the stream are kept as usual.
    expect((await outbox()).length).toBeLessThan(1200);
  });

  it('are in the stream once and in order, whatever calls are lost and whichever node fails over', async () => {
    const fate = fc.constantFrom('runs', 'runs', 'runs', 'late', 'late', 'lost', 'reply lost');
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ events: fc.integer({ min: 1, max: 150 }) }) },
      { weight: 3, arbitrary: fc.record({ forward: fc.nat(1) }) },
      { weight: 2, arbitrary: fc.record({ wait: fc.nat(4) }) },
      { weight: 1, arbitrary: fc.constant('new process' as const) },
      { weight: 1, arbitrary: fc.constant('sessions fail over' as const) },
      { weight: 1, arbitrary: fc.constant('stream fails over' as const) },
      { weight: 1, arbitrary: fc.constant('replicas follow' as const) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), fc.array(fate, { maxLength: 60 }), async (steps, given) => {
        await clear();
        fates = [...given];
        const replicas = [new Replica(sessions, OUTBOX_KEYS), new Replica(stream, STREAM_KEYS)];
        const follow = () => Promise.all(replicas.map((replica) => replica.follow()));
        await follow();
        let forwarders = [forwarder(), forwarder()];
        let count = 0;
        let hasLost = false;
        for (const one of steps) {
          if (one === 'new process') {
            forwarders[0].close();
            forwarders = [forwarders[1], forwarder()];
          } else if (one === 'replicas follow') await follow();
          else if (one === 'sessions fail over' || one === 'stream fails over') {
            const isStream = one === 'stream fails over';
            await replicas[isStream ? 1 : 0].promote();
            hasLost ||= !isStream;
          } else if ('events' in one) await create(Array.from({ length: one.events }, () => `e${count++}`));
          else if ('forward' in one) forwarders[one.forward].forward();
          else {
            await sleep(one.wait);
            clock.advance(100);
          }
        }
        await settle(...forwarders);
        for (const one of forwarders) one.close();
        // Also those of processes that are gone.
        while (underWay > 0) await sleep(1);
        const expected = await outbox();
        const received = (await entries()).map(({ name }) => name);
        expect(received.filter((name) => expected.includes(name))).toEqual(expected);
        if (!hasLost) expect(received).toEqual(expected);
      }),
      { numRuns: 40 },
    );
  });
});
