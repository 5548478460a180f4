import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { CommandEntry } from '../../src/commands/declaration/command-entry.js';
import { CommandQueue } from '../../src/execution/command-queue.js';
import { Request } from '../../src/resp/request.js';

const entry = (id: number) => ({ id }) as CommandEntry;

it('returns what was added, in order, and takes no more memory than it may', () => {
  const word = fc.oneof(
    { weight: 5, arbitrary: fc.uint8Array({ maxLength: 20 }) },
    fc.integer({ min: 0, max: 70_000 }).map((length) => new Uint8Array(length).fill(length)),
  );
  const request = fc
    .array(word, { minLength: 1, maxLength: 5 })
    .map((words) => words.map((bytes) => Buffer.from(bytes)));
  fc.assert(
    fc.property(fc.array(request, { maxLength: 60 }), fc.integer({ min: 0, max: 1_000_000 }), (requests, limit) => {
      const queue = new CommandQueue();
      const kept: { id: number; words: Buffer[] }[] = [];
      requests.forEach((words, id) => {
        if (queue.add(entry(id), Request.of(words), limit - queue.bytes)) kept.push({ id, words });
        expect(queue.bytes).toBeLessThanOrEqual(limit);
      });
      // Comparing buffers byte by byte takes vitest minutes.
      const shown = (id: number, words: readonly Buffer[]) => [id, ...words.map((bytes) => bytes.toString('latin1'))];
      const expected = kept.map(({ id, words }) => shown(id, words));
      expect(queue.length).toBe(kept.length);
      expect(queue.entries.map(({ id }) => id)).toEqual(kept.map(({ id }) => id));
      // Twice, because the growth of memory is computed before the commands run.
      for (let times = 0; times < 2; times++) {
        expect([...queue].map((queued) => shown(queued.entry.id, queued.request.words()))).toEqual(expected);
      }
    }),
  );
});

it('keeps a copy of the request', () => {
  const queue = new CommandQueue();
  const bytes = Buffer.from('GETkey');
  queue.add(entry(0), new Request(bytes, 0, [0, 3, 3, 6], 2), 1000);
  bytes.fill(0);
  expect([...queue][0].request.words().map(String)).toEqual(['GET', 'key']);
});

it('uses almost all memory that it may take', () => {
  const queue = new CommandQueue();
  const limit = 100_000;
  const ping = Request.of([Buffer.from('PING')]);
  while (queue.add(entry(0), ping, limit - queue.bytes));
  expect(queue.bytes).toBeGreaterThan(0.9 * limit);
});
