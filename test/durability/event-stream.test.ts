import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Replay } from '../../src/durability/replay.js';
import { StreamJournal } from '../../src/durability/stream-journal.js';
import { StreamReplay } from '../../src/durability/stream-replay.js';
import { StreamWriter } from '../../src/durability/stream-writer.js';
import { WallTime } from '../../src/durability/wall-time.js';
import { SessionEngine } from '../../src/engine/index.js';
import { batchPrefix } from '../../src/journal/frames.js';
import { RecordDecoder } from '../../src/journal/record-decoder.js';
import { RecordEncoder } from '../../src/journal/record-encoder.js';
import { EventStream } from '../../src/stream/event-stream.js';
import { FakeClock } from '../fake-clock.js';
import { contents, Pair, stateOf, step } from '../stream/stream-pair.js';
import { turnEventLoop } from '../turn-event-loop.js';

/** A stream whose changes are recorded, and bases that are written while it changes. */
class Recorded {
  readonly pair = new Pair();
  readonly #clock = new FakeClock();
  /** The latest complete base, and what was recorded since it began. */
  #base = new RecordEncoder();
  #increments = [new RecordEncoder()];
  /** The base that is being written. */
  #writing: RecordEncoder | undefined;

  constructor() {
    // Each slice is over at once.
    this.#clock.msPerLook = 1;
    this.pair.stream.record(new StreamJournal(() => this.#increments[this.#increments.length - 1]));
  }

  beginBase(): void {
    if (this.#writing !== undefined) return;
    const base = new RecordEncoder();
    this.#writing = base;
    this.#increments.push(new RecordEncoder());
    const to = { isFull: false, records: base, write: async () => {} };
    void new StreamWriter(this.pair.stream, this.#clock, to).writeAll().then(() => {
      this.#base = base;
      this.#increments.shift();
      this.#writing = undefined;
    });
  }

  async continueBase(): Promise<void> {
    this.#clock.step();
    await turnEventLoop(1);
  }

  /** Returns the stream that a restart restores. Call this once. */
  restored(): EventStream {
    const stream = new EventStream();
    const clock = new FakeClock();
    const engine = new SessionEngine({ clock });
    const replay = new Replay(engine.restore(), new WallTime(clock), new StreamReplay(stream));
    const decoder = new RecordDecoder();
    for (const encoder of [this.#base, ...this.#increments]) {
      if (encoder.length === 0) continue;
      const batch = encoder.takeBatch(batchPrefix('0'.repeat(16)));
      const end = batch.length - 2;
      for (let at = batch.indexOf('*', 1); at < end; ) {
        at = decoder.decode(batch, at, end);
        replay.visit(decoder);
      }
    }
    engine.close();
    return stream;
  }
}

/** Returns what must be the same after a restart. */
function everything(stream: EventStream) {
  const groups = stream.groups().map((group) => {
    const { consumers, ...state } = stateOf(group, 0);
    // When a consumer was seen and active is restored only roughly.
    return { ...state, consumers: consumers.map((line) => line.split(' ').filter((_, i) => i === 0 || i === 3)) };
  });
  const { lastId, firstId, entriesAdded } = stream;
  return { lastId, firstId, entriesAdded, entries: contents(stream), groups };
}

/** Checks that what was restored differs only in entries that retention had removed since it was recorded last. */
function expectNoLess(restored: EventStream, stream: EventStream): void {
  const entries = contents(restored);
  expect(entries.slice(entries.length - stream.length)).toEqual(contents(stream));
  expect(restored.lastId).toEqual(stream.lastId);
  const ids = new Set(entries.map((entry) => entry.split(' ')[0]));
  for (const [index, group] of restored.groups().entries()) {
    const before = stateOf(stream.groups()[index], 0).pending;
    const after = stateOf(group, 0).pending;
    expect(after).toEqual(expect.arrayContaining(before));
    const more = after.filter((pending) => !before.includes(pending)).map((pending) => pending.split(' ')[0]);
    expect(more.filter((id) => !ids.has(id))).toEqual([]);
  }
}

const baseStep = fc.constantFrom('begin' as const, 'continue' as const);

it('a restart restores the stream and its groups, whatever happened while a base was written', async () => {
  const steps = fc.array(fc.oneof({ weight: 2, arbitrary: step }, { weight: 1, arbitrary: baseStep }), {
    minLength: 5,
    maxLength: 80,
    size: 'max',
  });
  await fc.assert(
    fc.asyncProperty(steps, fc.boolean(), async (list, isAllRecorded) => {
      const recorded = new Recorded();
      for (const one of list) {
        if (one === 'begin') recorded.beginBase();
        else if (one === 'continue') await recorded.continueBase();
        else recorded.pair.do(one);
      }
      const { stream } = recorded.pair;
      // What retention has removed is recorded only now and then.
      if (isAllRecorded) stream.recordRetention();
      const restored = recorded.restored();
      if (isAllRecorded) expect(everything(restored)).toEqual(everything(stream));
      else expectNoLess(restored, stream);
    }),
    { numRuns: 40 },
  );
});

it('what retention removes while a base is written is not pending after a restart', async () => {
  const recorded = new Recorded();
  const { pair } = recorded;
  pair.do({ kind: 'append', times: 300, length: 5 });
  pair.do({ kind: 'create', group: 'g', at: 0 });
  recorded.beginBase();
  pair.do({ kind: 'read', group: 'g', consumer: 'alice', count: Infinity, noAck: false });
  pair.do({ kind: 'retain', keep: 0.2, most: 1000 });
  for (let slice = 0; slice < 10; slice++) await recorded.continueBase();
  const restored = recorded.restored();
  expect(restored.groups()[0].pending).toBeGreaterThanOrEqual(60);
  expectNoLess(restored, pair.stream);
});
