import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SessionEngine } from '../../../src/engine/index.js';
import { atOnce } from '../../../src/engine/time/in-slices.js';
import { MemoryStore } from '../../../src/store/memory/memory-store.js';
import { Reaped } from '../../../src/store/valkey/library/constants.js';
import { Unindexing } from '../../../src/store/valkey/names/unindexing.js';
import { settingsOf } from '../../../src/store/valkey/store-settings.js';
import { ValkeyStore } from '../../../src/store/valkey/valkey-store.js';
import { FakeClock } from '../../fake-clock.js';
import { RedisServer } from '../../tools/redis-server.js';
import { type Operation, operations, World } from './operations.js';
import { PlainNodes } from './plain-nodes.js';

/** The longest value that appending makes, in bytes. */
const MAX_VALUE = 20;

describe.skipIf(!RedisServer.there)('the Valkey store answers as the memory store', () => {
  let server: RedisServer;
  let nodes: PlainNodes;
  let runs = 0;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(async () => {
    nodes?.close();
    await server.stop();
  });

  function openMemory(): World {
    const clock = new FakeClock();
    const store = new MemoryStore(new SessionEngine({ clock, maxValueBytes: MAX_VALUE }), clock, atOnce);
    return new World(store, async (ms) => clock.advance(ms));
  }

  /** Opens an empty store. */
  async function openValkey(partitions: number): Promise<ValkeyStore> {
    nodes?.close();
    nodes = await PlainNodes.connect(server, `test${++runs}:`);
    await nodes.holdTime();
    const timers = { tickMs: 0, wheelSlots: 0, pending: 0, lateP99: 0 };
    return new ValkeyStore(nodes, await settingsOf(nodes, partitions), {
      maxValueBytes: MAX_VALUE,
      timers: () => timers,
      mostAtHome: 2,
    });
  }

  /** Lets time pass, and expires what is due, as the owner of all partitions does. */
  async function pass(ms: number, { partitions }: ValkeyStore): Promise<void> {
    await nodes.pass(ms);
    const ended: Buffer[] = [];
    for (let partition = 0; partition < partitions.count; partition++) {
      for (let left = true; left; ) {
        const [, ...due] = (await nodes.call(partition, 'due', [0, 100])) as [number, ...(Buffer | number)[]];
        const members = due.filter((_, i) => i % 2 === 0) as Buffer[];
        const [, ...reaped] = (await nodes.call(partition, 'reap', members)) as number[];
        ended.push(...members.filter((_, i) => reaped[i] === Reaped.INDEXED));
        left = members.length > 0;
      }
    }
    await new Unindexing(nodes, partitions).remove(ended);
  }

  function worldOf(store: ValkeyStore): World {
    return new World(store.sessions, (ms) => pass(ms, store));
  }

  /** Expects the same answer in both worlds. */
  async function compare(operation: Operation, valkey: World, memory: World): Promise<void> {
    const expected = memory.numbered(await memory.ask(operation));
    expect(valkey.numbered(await valkey.ask(operation)), operation.toString()).toEqual(expected);
  }

  it('to any operations', async () => {
    await fc.assert(
      fc.asyncProperty(operations, fc.constantFrom(1, 3, 256), async (sequence, partitions) => {
        const memory = openMemory();
        const valkey = worldOf(await openValkey(partitions));
        for (const operation of sequence) await compare(operation, valkey, memory);
      }),
      { numRuns: 60 },
    );
  });

  it('to any transaction', async () => {
    await fc.assert(
      fc.asyncProperty(operations, operations, async (before, sequence) => {
        const memory = openMemory();
        // With a single partition, all sessions can be in the same transaction.
        const store = await openValkey(1);
        const valkey = worldOf(store);
        for (const operation of before) await compare(operation, valkey, memory);
        const transaction = store.begin([]);
        const [inValkey, inMemory] = [valkey.during(transaction.sessions), memory.during()];
        const steps = sequence.filter(({ isOfOne }) => isOfOne);
        const answers = steps.map((operation) => inValkey.ask(operation));
        expect(await transaction.commit()).toBe(true);
        for (const [i, operation] of steps.entries()) {
          const expected = memory.numbered(await inMemory.ask(operation));
          expect(valkey.numbered(await answers[i]), operation.toString()).toEqual(expected);
        }
        for (const operation of before) await compare(operation, valkey, memory);
      }),
      { numRuns: 40 },
    );
  });
});
