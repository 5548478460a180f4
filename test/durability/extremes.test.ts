import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Recorder } from '../../src/durability/recorder.js';
import { Replay } from '../../src/durability/replay.js';
import { WallTime } from '../../src/durability/wall-time.js';
import { SessionEngine, SessionError } from '../../src/engine/index.js';
import { batchPrefix } from '../../src/journal/frames.js';
import { RecordDecoder, RecordError } from '../../src/journal/record-decoder.js';
import { RecordEncoder } from '../../src/journal/record-encoder.js';
import { RECORDS, type RecordName, recordNames } from '../../src/journal/records.js';
import { Slice } from '../../src/slice.js';
import { FakeClock } from '../fake-clock.js';
import { append, type PlainRecord } from '../journal/arbitrary-record.js';

const MAX = Number.MAX_SAFE_INTEGER;
const NOW = Date.UTC(2030, 0, 1);
const TOKENS = [
  'AAECAwQFBgcICQoLDA0ODw',
  'EBESExQVFhcYGRobHB0eHw',
  'ICEiIyQlJicoKSorLC0uLw',
  '@a',
  '@b',
  '@',
  'none',
  '',
];
const token = fc.constantFrom(...TOKENS).map((text) => Buffer.from(text));
const text = fc.constantFrom('', 'a', 'b', 'x'.repeat(512), 'x'.repeat(513)).map((text) => Buffer.from(text));
const integer = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(0, 1, NOW - 1, NOW, NOW + 1, NOW + 50_000) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 52 - 1, 2 ** 52, 2 ** 52 + 1, MAX - 1, MAX),
  },
);
/** Lengths of values. Longer ones would only take more time. */
const length = fc.constantFrom(0, 1, 5, 3000, 2 ** 29 + 1, MAX);

function fieldValue(field: string, type: string): fc.Arbitrary<Buffer | number> {
  if (field === 'offset' || field === 'lengthBefore') return length;
  if (type === 'bytes') return /token/i.test(field) ? token : text;
  if (type === 'flags') return fc.nat({ max: 31 });
  return type === 'decimal' ? integer.map((number) => Math.min(number, MAX - 1)) : integer;
}

function recordOf(name: RecordName): fc.Arbitrary<PlainRecord> {
  const { fields, rest } = RECORDS[name];
  const some = fc.array(fc.tuple(text, text), { maxLength: 2 });
  return fc.record({
    name: fc.constant(name),
    fields: fc.record(
      Object.fromEntries(Object.entries(fields).map(([field, type]) => [field, fieldValue(field, type)])),
    ),
    rest: some.map((pairs) => (rest === 'none' ? [] : pairs.flat())),
  });
}

const records = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: recordOf('SESSION') },
    ...recordNames.filter((name) => name !== 'EXPECT').map(recordOf),
  ),
  { minLength: 1, maxLength: 12 },
);

/** Loads records into an engine. Returns the error if they are refused. */
function load(all: readonly PlainRecord[], clock: FakeClock, engine: SessionEngine): Error | undefined {
  const encoder = new RecordEncoder();
  for (const record of all) append(encoder, record);
  const batch = encoder.takeBatch(batchPrefix('0'.repeat(16)));
  const decoder = new RecordDecoder();
  const restoration = engine.restore();
  const replay = new Replay(restoration, new WallTime(clock));
  try {
    for (let at = batch.indexOf('*', 1); at < batch.length - 2; replay.visit(decoder)) {
      at = decoder.decode(batch, at, batch.length - 2);
    }
    restoration.finish();
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

/** Ignores an error that a client would get. */
function attempt(act: () => unknown): void {
  try {
    act();
  } catch (error) {
    if (!(error instanceof SessionError)) throw error;
  }
}

it('records with any values are refused, or restore a working engine that can be saved and loaded', () => {
  let loaded = 0;
  fc.assert(
    fc.property(records, (all) => {
      const clock = new FakeClock();
      const journal = new RecordEncoder();
      const engine = new SessionEngine({ clock, secret: Buffer.alloc(32) });
      const recorder = new Recorder(engine, () => journal, new WallTime(clock));
      engine.listen(recorder);
      const refusal = load(all, clock, engine);
      if (refusal !== undefined) {
        // A bug would cause a TypeError, or a RangeError from V8.
        expect([RecordError, RangeError]).toContain(refusal.constructor);
        expect(refusal.message).not.toMatch(/Invalid|Maximum|must be|out of range/);
        return;
      }
      loaded++;
      const [key, value] = [Slice.of('k'), Slice.of('1')];
      for (let round = 0; round < 2; round++) {
        engine.scan(0, 100, (session) => {
          const { duration, deadline, maxAgeMs } = engine.state(session);
          expect(engine.timeLeft(session)).toBeLessThanOrEqual(
            Math.min(deadline < Infinity ? duration : Infinity, maxAgeMs > 0 ? maxAgeMs : Infinity),
          );
          expect(engine.info(session).created).toBeLessThanOrEqual(MAX);
          recorder.writeTo(journal, session);
        });
        for (const text of TOKENS) {
          const session = engine.find(Slice.of(text));
          if (session < 0) continue;
          attempt(() => engine.data.set(session, [key, value]));
          attempt(() => engine.data.append(session, key, value));
          attempt(() => engine.data.increment(session, key, 1n));
          attempt(() => engine.data.appendToString(session, value));
          attempt(() => engine.data.get(session, key));
          attempt(() => engine.touch(session));
          attempt(() => engine.rotate(session, 5000));
          attempt(() => engine.rename(session, Slice.of('c')));
        }
        for (const name of ['a', 'b', 'c']) engine.sessionsOf(Slice.of(name));
        clock.advance(60_000);
      }
      engine.scan(0, 100, (session) => engine.setDuration(session, 1000));
      clock.advance(1000);
      engine.endAll();
      expect(engine.size).toBe(0);
      engine.close();
    }),
    { numRuns: 3000 },
  );
  expect(loaded).toBeGreaterThan(100);
});
