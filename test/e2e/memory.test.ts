import { expect, it, vi } from 'vitest';
import { frame, RawClient } from '../raw-client.js';
import { Program } from './program.js';

const SESSIONS = 1_000_000;
const BATCH = 2000;
const VALUE = 'v'.repeat(29);
const DATA = ['cart', VALUE, 'lang', VALUE, 'name', VALUE, 'csrftokn', VALUE];

/**
 * `used_memory` is added up, not measured: this holds it against what the system says that the process takes, and sees
 * that the system has it back when all have ended.
 */
it.each([
  ['one name for all', () => 'basket'],
  ['a name for each', (i: number) => `user:${i}`],
])('used_memory grows by what a million sessions take, within 15 %%, and gives it back (%s)', async (_, name) => {
  const program = await Program.start();
  const client = await RawClient.connect(program.port);
  const read = async () => {
    const info = await client.bulk('INFO', 'memory');
    const [used, rss] = ['used_memory', 'used_memory_rss'].map((field) =>
      Number(new RegExp(`^${field}:(\\d+)`, 'm').exec(info)?.[1]),
    );
    return { used, rss };
  };
  // What the first load takes for good is taken now.
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

  // All of it is given back; V8 takes some seconds until it makes its young generation small.
  await client.send(frame('SESSION.ENDALL'));
  await client.takeUntil('\r\n');
  await vi.waitFor(async () => expect((await read()).rss).toBeLessThan(before.rss * 1.15), 120_000);
  client.close();
  await program.stop();
});
