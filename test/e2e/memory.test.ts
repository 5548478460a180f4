import { randomBytes } from 'node:crypto';
import { expect, it, vi } from 'vitest';
import { frame, RawClient } from '../raw-client.js';
import { Info } from '../tools/info.js';
import { Program } from '../tools/program.js';

const SESSIONS = 1_000_000;
const BATCH = 2000;
const VALUE = 'v'.repeat(29);
const DATA = ['cart', VALUE, 'lang', VALUE, 'name', VALUE, 'csrftokn', VALUE];

/** Returns bytes, as INFO gives them. */
async function memoryOf(client: RawClient): Promise<{ used: number; rss: number }> {
  const info = new Info(await client.bulk('INFO', 'memory'));
  return { used: info.number('used_memory'), rss: info.number('used_memory_rss') };
}

/**
 * `used_memory` is calculated, not measured. This compares it with the memory that the process takes according to the
 * system, and checks that the memory is returned when all sessions have ended.
 */
it.each([
  ['one name for all', () => 'basket'],
  ['a name for each', (i: number) => `user:${i}`],
])('used_memory grows by what a million sessions take, within 15 %%, and shrinks again (%s)', async (_, name) => {
  const program = await Program.start();
  const client = await RawClient.connect(program.port);
  const read = () => memoryOf(client);
  // Makes the program take the memory that it keeps after its first load.
  const fill = async (from: number, count: number) => {
    for (let first = from; first < from + count; first += BATCH) {
      const requests = Array.from({ length: BATCH }, (_, i) =>
        frame('SESSION.NEW', name(first + i), '1800', 'DATA', ...DATA),
      );
      await client.send(Buffer.concat(requests));
      await client.take(BATCH * '$22\r\n\r\n'.length + BATCH * 22);
    }
  };
  await fill(SESSIONS, 10 * BATCH);
  const before = await read();
  await fill(0, SESSIONS);
  const after = await read();
  const ratio = (after.used - before.used) / (after.rss - before.rss);
  expect(ratio).toBeGreaterThan(0.85);
  expect(ratio).toBeLessThan(1.15);

  // All memory is returned. V8 takes some seconds to shrink its young generation.
  await client.send(frame('SESSION.ENDALL'));
  await client.takeUntil('\r\n');
  await vi.waitFor(async () => expect((await read()).rss).toBeLessThan(before.rss * 1.15), 120_000);
  client.close();
  await program.stop();
});

/** How many bytes of garbage from large requests V8 may keep before it collects them. */
const GARBAGE = 80e6;

it("large values and sessions with many keys are counted correctly, are outside V8's heap, and are returned", async () => {
  // If values were in V8's heap, a tenth of these would crash the process.
  const program = await Program.start([], { NODE_OPTIONS: '--max-old-space-size=40' });
  const client = await RawClient.connect(program.port);
  const read = () => memoryOf(client);
  const source = Buffer.alloc(1_100_000, randomBytes(65_537));
  const fill = async (bytes: number) => {
    // Lengths are spread evenly over the orders of magnitude.
    for (let sum = 0, i = 0; sum < bytes; i++) {
      const length = Math.ceil(100 * 10_000 ** ((i % 97) / 96));
      await client.expect(frame('SET', `key:${i}`, source.subarray(i % 1000, (i % 1000) + length)), '+OK\r\n');
      sum += length;
    }
    for (let batch = 0; batch < 200; batch++) {
      const fields = Array.from({ length: 1000 }, (_, i) => [`field:${batch * 1000 + i}`, 'v'.repeat(29)]);
      await client.expect(frame('HSET', 'hash', ...fields.flat()), ':1000\r\n');
    }
  };
  const empty = async () => {
    await client.expect(frame('FLUSHALL'), '+OK\r\n');
  };
  const { used: least } = await read();
  await fill(20e6);
  await empty();
  await vi.waitFor(async () => expect((await read()).used).toBeLessThan(least + 1e6), 120_000);
  const before = await read();
  await fill(400e6);
  const after = await read();
  const used = after.used - before.used;
  expect(used).toBeGreaterThan(400e6);
  expect(used).toBeLessThan(460e6);
  expect(after.rss - before.rss).toBeGreaterThan(used * 0.85 - GARBAGE);
  expect(after.rss - before.rss).toBeLessThan(used * 1.15 + GARBAGE);

  await empty();
  await vi.waitFor(async () => {
    const { used, rss } = await read();
    expect(used - before.used).toBeLessThan(10e6);
    expect(rss).toBeLessThan(before.rss + GARBAGE);
  }, 120_000);
  client.close();
  await program.stop();
});
