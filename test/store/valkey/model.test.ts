import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SessionEngine } from '../../../src/engine/index.js';
import { atOnce } from '../../../src/engine/time/in-slices.js';
import { MemoryStore } from '../../../src/store/memory/memory-store.js';
import type { SessionStore } from '../../../src/store/session-store.js';
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

  function openMemory(): SessionStore {
    const clock = new FakeClock();
    return new MemoryStore(new SessionEngine({ clock, maxValueBytes: MAX_VALUE }), clock, atOnce);
  }

  /** Opens an empty store. */
  async function openValkey(partitions: number): Promise<ValkeyStore> {
    nodes?.close();
    nodes = await PlainNodes.connect(server, `test${++runs}:`);
    const timers = { tickMs: 0, wheelSlots: 0, pending: 0, lateP99: 0 };
    return new ValkeyStore(nodes, await settingsOf(nodes, partitions), {
      maxValueBytes: MAX_VALUE,
      timers: () => timers,
      mostAtHome: 2,
    });
  }

  /** Expects the same answer in both worlds. */
  async function compare(operation: Operation, valkey: World, memory: World): Promise<void> {
    const expected = memory.numbered(await memory.ask(operation));
    expect(valkey.numbered(await valkey.ask(operation)), operation.toString()).toEqual(expected);
  }

  it('to any operations', async () => {
    await fc.assert(
      fc.asyncProperty(operations, fc.constantFrom(1, 3, 256), async (sequence, partitions) => {
        const memory = new World(openMemory());
        const valkey = new World((await openValkey(partitions)).sessions);
        for (const operation of sequence) await compare(operation, valkey, memory);
      }),
      { numRuns: 60 },
    );
  });

  it('to any transaction', async () => {
    await fc.assert(
      fc.asyncProperty(operations, operations, async (before, sequence) => {
        const memory = new World(openMemory());
        // With a single partition, all sessions can be in the same transaction.
        const store = await openValkey(1);
        const valkey = new World(store.sessions);
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
