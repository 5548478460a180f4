import fc from 'fast-check';
import { expect, it } from 'vitest';
import { exists, LoadingSession } from '../../src/durability/loading-session.js';
import { Recorder } from '../../src/durability/recorder.js';
import { Replay } from '../../src/durability/replay.js';
import { readSavedSessions, type SavedSession } from '../../src/durability/saved-sessions.js';
import { SessionPieces } from '../../src/durability/session-pieces.js';
import { writeHead } from '../../src/durability/session-records.js';
import { WallTime } from '../../src/durability/wall-time.js';
import { scoreText } from '../../src/engine/fields/scores.js';
import { type Extend, NO_SESSION, type Session, SessionEngine } from '../../src/engine/index.js';
import { batchPrefix } from '../../src/journal/frames.js';
import { type JournalRecord, RecordDecoder } from '../../src/journal/record-decoder.js';
import { RecordEncoder } from '../../src/journal/record-encoder.js';
import { Slice } from '../../src/slice.js';
import { FakeClock } from '../fake-clock.js';

const slice = (text: string) => Slice.of(Buffer.from(text, 'latin1'));
const which = fc.nat({ max: 7 });
const key = fc.constantFrom('a', 'b', '\xff\r\n');
const value = fc.constantFrom('', '1', 'text', '\0'.repeat(300));
const name = fc.constantFrom('x', 'y', 'z');
const member = fc.nat({ max: 20 });
const count = fc.constantFrom(1, 2, 70);
const score = fc.constantFrom(0, 1, 5, -1);
const duration = fc.constantFrom(0, 500, 5000, 30_000, 700_000);

const act = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      act: fc.constant('create' as const),
      name,
      duration,
      deleteSession: fc.boolean(),
      shared: fc.boolean(),
      tokenless: fc.boolean(),
      isString: fc.boolean(),
      extend: fc.constantFrom<Extend>('none', 'get', 'set', 'both'),
      maxAgeMs: fc.constantFrom(0, 0, 1000, 20_000),
      limit: fc.constantFrom(undefined, undefined, 2),
      pairs: fc.array(fc.tuple(key, value), { maxLength: 3 }),
    }),
  },
  fc.record({ act: fc.constant('end' as const), which }),
  fc.record({ act: fc.constant('touch' as const), which }),
  fc.record({ act: fc.constant('setDuration' as const), which, duration, deleteSession: fc.boolean() }),
  {
    weight: 2,
    arbitrary: fc.record({ act: fc.constant('rotate' as const), which, grace: fc.constantFrom(0, 400, 9000) }),
  },
  { weight: 3, arbitrary: fc.record({ act: fc.constant('set' as const), which, key, value }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant('append' as const), which, key, value }) },
  // Operations on plain keys: writing, creating, renaming and replacing them, and asking for their token.
  { weight: 3, arbitrary: fc.record({ act: fc.constant('setString' as const), name, value }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant('appendToString' as const), which, value }) },
  {
    weight: 2,
    arbitrary: fc.record({
      act: fc.constant('writeToString' as const),
      which,
      value,
      offset: fc.constantFrom(0, 1, 9),
    }),
  },
  // Operations on sets and sorted sets, of which some have so many members that a tree keeps their order.
  { weight: 4, arbitrary: fc.record({ act: fc.constant('addMembers' as const), name, first: member, count }) },
  { weight: 6, arbitrary: fc.record({ act: fc.constant('setScores' as const), name, first: member, count, score }) },
  { weight: 3, arbitrary: fc.record({ act: fc.constant('removeMembers' as const), which, first: member, count }) },
  {
    weight: 2,
    arbitrary: fc.record({
      act: fc.constant('replaceWith' as const),
      name,
      kind: fc.constantFrom('set' as const, 'zset' as const),
      first: member,
      count,
      score,
    }),
  },
  { weight: 2, arbitrary: fc.record({ act: fc.constant('rename' as const), which, name }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant('token' as const), which }) },
  // Keys with deadlines of their own: some past, some before and some after those of their sessions.
  {
    weight: 8,
    arbitrary: fc.record({
      act: fc.constant('setKeyDeadline' as const),
      which,
      key,
      after: fc.constantFrom(-1, 1, 500, 3000, 31_000, 800_000, Infinity),
    }),
  },
  { weight: 2, arbitrary: fc.record({ act: fc.constant('setKeeping' as const), which, key, value }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant('copy' as const), which, name }) },
  fc.record({ act: fc.constant('delete' as const), which, key }),
  fc.record({ act: fc.constant('clear' as const), which }),
  fc.record({ act: fc.constant('replace' as const), which, key, value }),
  { weight: 2, arbitrary: fc.record({ act: fc.constant('get' as const), which, key }) },
  fc.record({ act: fc.constant('endAll' as const) }),
  {
    weight: 3,
    arbitrary: fc.record({ act: fc.constant('pass' as const), ms: fc.constantFrom(1, 90, 499, 500, 3000, 700_000) }),
  },
);
type Act = typeof act extends fc.Arbitrary<infer Value> ? Value : never;

const WRITES_KEYS = new Set<Act['act']>([
  'set',
  'setKeeping',
  'setKeyDeadline',
  'append',
  'delete',
  'clear',
  'replace',
]);

/** A range of members, and the score of all of them. */
interface Members {
  readonly first: number;
  readonly count: number;
  readonly score?: number;
}

function membersOf({ first, count }: Members): Slice[] {
  return Array.from({ length: count }, (_, i) => slice(`m${first + i}`));
}

function dataOf(kind: 'set' | 'zset', members: Members): Slice[] {
  const value = kind === 'set' ? slice('') : scoreText(members.score ?? 0);
  return membersOf(members).flatMap((one) => [one, value]);
}

/** A clock whose wall time advances too. */
class RunningClock extends FakeClock {
  readonly #offset: number;

  constructor(offset: number) {
    super();
    this.#offset = offset;
  }

  override wall(): number {
    return this.now() + this.#offset;
  }
}

/** An engine whose changes are recorded. */
class Recorded {
  readonly clock = new RunningClock(Date.UTC(2030, 0, 1));
  readonly journal = new RecordEncoder();
  readonly engine = new SessionEngine({
    clock: this.clock,
    secret: Buffer.alloc(32),
    // Sessions that end together are removed one by one.
    endsAtOnce: 0,
    listener: { onSession() {}, isBehind: () => this.#looks++ % 2 > 0 },
  });
  readonly recorder = new Recorder(this.engine, () => this.journal, new WallTime(this.clock));
  #looks = 0;

  constructor() {
    this.engine.listen(this.recorder);
  }

  carryOut(step: Act): unknown {
    const { engine } = this;
    if (step.act === 'pass') {
      return this.clock.advance(step.ms);
    }
    if (step.act === 'endAll') return engine.endAll();
    if (step.act === 'create') {
      const { act: _, name, pairs, limit, ...rest } = step;
      if (rest.shared && engine.findShared(slice(name)) !== NO_SESSION) return undefined;
      const { shared, tokenless, isString, ...settings } = rest;
      return engine.create(slice(name), {
        ...settings,
        shared: shared && tokenless ? 'tokenless' : shared,
        ...(shared && isString ? { string: slice('text') } : { data: pairs.flat().map(slice) }),
        ...(limit !== undefined && !shared && { limit }),
      });
    }
    if (step.act === 'setString') return this.#setString(slice(step.name), slice(step.value));
    if (step.act === 'addMembers') return this.#onKey('set', slice(step.name), step);
    if (step.act === 'setScores') return this.#onKey('zset', slice(step.name), step);
    if (step.act === 'replaceWith') return this.#replaceWith(slice(step.name), step);
    const sessions = this.sessions;
    if (sessions.length === 0) return undefined;
    const session = sessions[step.which % sessions.length];
    const { data } = engine;
    // Writes to a key of another kind are refused.
    if (engine.kindOf(session) !== 'hash' && WRITES_KEYS.has(step.act)) return undefined;
    switch (step.act) {
      case 'token':
        return engine.token(session);
      case 'rename':
        return this.#rename(session, slice(step.name));
      case 'appendToString':
        // A session with keys does not become a string.
        return engine.isString(session) ? data.appendToString(session, slice(step.value)) : undefined;
      case 'writeToString':
        return engine.isString(session) ? data.writeToString(session, step.offset, slice(step.value)) : undefined;
      case 'removeMembers':
        if (engine.kindOf(session) !== 'set' && engine.kindOf(session) !== 'zset') return undefined;
        data.removeMembers(session, membersOf(step));
        return data.count(session) > 0 ? undefined : engine.end(session);
      case 'end':
        return engine.end(session);
      case 'touch':
        return engine.touch(session);
      case 'setDuration':
        return engine.setDuration(session, step.duration, step.deleteSession);
      case 'rotate':
        return engine.isShared(session) ? undefined : engine.rotate(session, step.grace);
      case 'set':
        return data.set(session, [slice(step.key), slice(step.value)]);
      case 'setKeeping':
        return data.setKeeping(session, [slice(step.key), slice(step.value)]);
      case 'setKeyDeadline':
        return data.setKeyDeadline(session, slice(step.key), engine.now + step.after);
      case 'copy':
        return this.#copy(session, slice(step.name));
      case 'append':
        return data.append(session, slice(step.key), slice(step.value));
      case 'delete':
        return data.delete(session, [slice(step.key)]);
      case 'clear':
        return data.clear(session);
      case 'replace':
        return data.replace(session, [slice(step.key), slice(step.value)]);
      case 'get':
        return data.get(session, slice(step.key));
    }
  }

  #setString(name: Slice, value: Slice): void {
    const session = this.engine.findShared(name);
    if (session !== NO_SESSION) this.engine.data.setString(session, value);
    else this.engine.create(name, { shared: 'tokenless', string: value });
  }

  /** Adds members to a set, or sets their scores in a sorted set. Does nothing to a key of another kind. */
  #onKey(kind: 'set' | 'zset', name: Slice, members: Members): void {
    const { data } = this.engine;
    const session = this.engine.findShared(name);
    if (session === NO_SESSION) {
      this.engine.create(name, { shared: 'tokenless', kind, data: dataOf(kind, members) });
    } else if (data.count(session) === 0 || this.engine.kindOf(session) === kind) {
      if (kind === 'set') data.addMembers(session, membersOf(members));
      else for (const one of membersOf(members)) data.setScore(session, one, members.score ?? 0);
    }
  }

  #replaceWith(name: Slice, { kind, ...members }: Members & { kind: 'set' | 'zset' }): void {
    const session = this.engine.findShared(name);
    if (session !== NO_SESSION) this.engine.data.replaceWith(session, kind, dataOf(kind, members));
  }

  #rename(session: Session, name: Slice): void {
    if (!this.engine.isShared(session)) return;
    const taken = this.engine.findShared(name);
    if (taken === session) return;
    if (taken !== NO_SESSION) this.engine.replace(taken);
    this.engine.rename(session, name);
  }

  #copy(session: Session, name: Slice): void {
    const taken = this.engine.findShared(name);
    if (taken === session) return;
    if (taken !== NO_SESSION) this.engine.replace(taken);
    this.engine.create(name, { shared: 'tokenless', copyOf: session });
  }

  /** Expires everything that is due. */
  settle(): void {
    this.engine.scan(0, 2 ** 27, () => {});
  }

  get sessions(): Session[] {
    const sessions: Session[] = [];
    this.engine.scan(0, 2 ** 27, (session) => sessions.push(session));
    return sessions;
  }
}

/** Replays records in the engine of another process, whose clock started at another time. */
function restored(records: readonly Buffer[], before: Recorded, secret = Buffer.alloc(32)): Restored {
  const clock = new RunningClock(before.clock.wall() - new FakeClock().now());
  const engine = new SessionEngine({ clock, secret });
  const restoration = engine.restore();
  const replay = new Replay(restoration, new WallTime(clock));
  const decoder = new RecordDecoder();
  for (const bytes of records) {
    for (let at = 0; at < bytes.length; ) {
      at = decoder.decode(bytes, at, bytes.length);
      replay.visit(decoder);
    }
  }
  restoration.finish();
  return { engine, clock };
}

interface Restored {
  readonly engine: SessionEngine;
  readonly clock: RunningClock;
}

/** Returns everything that must be the same, with the time left until each deadline. */
function contents({ engine, clock }: Restored): Map<string, Record<string, unknown>> {
  const found = new Map<string, Record<string, unknown>>();
  engine.scan(0, 2 ** 27, (session) => {
    const { deadline, maxAgeEnd, ...state } = engine.state(session);
    const keys: Record<string, string> = {};
    engine.data.peek(session, (name, value) => {
      keys[name.latin1()] = value.latin1();
    });
    const due: Record<string, number> = {};
    engine.data.forEachKeyDeadline(session, (key, at) => {
      due[key.latin1()] = at - clock.now();
    });
    const old: Record<string, number> = {};
    engine.forEachOldToken(session, (token, until) => {
      // An old token that is due leads nowhere, even before the wheel has expired it.
      if (until > clock.now()) old[token.latin1()] = until - clock.now();
    });
    const order: string[] = [];
    if (state.kind === 'zset') {
      const ranks = engine.data.peekOrder(session);
      ranks.visit(0, ranks.count, 1, (member) => order.push(member.latin1()));
    }
    found.set(engine.token(session), {
      ...state,
      order,
      id: engine.id(session),
      name: engine.name(session).toString('latin1'),
      keys,
      due,
      old,
      left: deadline - clock.now(),
      life: maxAgeEnd - clock.now(),
    });
  });
  return found;
}

const bytesOf = (encoder: RecordEncoder) => {
  return encoder.length === 0 ? Buffer.alloc(0) : recordsIn(encoder.takeBatch(batchPrefix('0'.repeat(16))));
};

/** Returns the records of a batch without its frame. */
function recordsIn(batch: Buffer): Buffer {
  const start = batch.indexOf('*', 1);
  return batch.subarray(start, batch.length - 2);
}

const MS = 3;

const mapValues = <A, B>(record: Record<string, A>, map: (value: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));

/** Returns the tokens of a name's sessions, oldest first. */
const tokensOf = ({ engine }: { engine: SessionEngine }, name: string) =>
  engine.sessionsOf(slice(name)).map((session) => engine.token(session));

function expectTheSame(before: Recorded, after: Restored): void {
  // Looking removes what is due, in both engines.
  const expected = contents(before);
  const kept = contents(after);
  for (const [token, session] of kept) {
    // Deadlines are recorded ahead of time, so a restored session may live longer than the original.
    if (!expected.has(token)) {
      kept.delete(token);
      expect(Number(session.left)).toBeLessThanOrEqual(Math.max(1000, Number(session.duration) * 0.1) + MS);
    }
  }
  expect([...kept.keys()].sort()).toEqual([...expected.keys()].sort());
  for (const name of ['x', 'y', 'z']) {
    expect(tokensOf(after, name).filter((token) => expected.has(token))).toEqual(tokensOf(before, name));
  }
  for (const [token, { left, life, due, old, ...same }] of expected) {
    const { left: keptLeft, life: keptLife, due: keptDue, old: keptOld, ...keptSame } = kept.get(token) as typeof same;
    expect(keptSame).toEqual(same);
    expect(Number(keptLeft)).toBeGreaterThanOrEqual(Number(left));
    const late = Number(keptLeft) - Number(left);
    if (left !== Infinity) expect(late).toBeLessThanOrEqual(Math.max(1000, Number(same.duration) * 0.1) + MS);
    else expect(keptLeft).toBe(Infinity);
    if (life === Infinity) expect(keptLife).toBe(Infinity);
    else expect(Math.abs(Number(keptLife) - Number(life))).toBeLessThanOrEqual(MS);
    // A deadline is rounded up when it is written.
    const later = (at: number) => at + 1;
    expect(keptDue).toEqual(mapValues(due as Record<string, number>, later));
    expect(keptOld).toMatchObject(
      Object.fromEntries(Object.keys(old as object).map((token) => [token, expect.any(Number)])),
    );
    for (const [oldToken, grace] of Object.entries(keptOld as Record<string, number>)) {
      const was = (old as Record<string, number>)[oldToken] ?? 0;
      expect(grace - was).toBeGreaterThanOrEqual(0);
      expect(grace - was).toBeLessThanOrEqual(MS);
    }
  }
}

it('replaying the records restores the sessions, and so does replaying them twice', () => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 60, size: 'max' }), fc.boolean(), (steps, twice) => {
      const recorded = new Recorded();
      for (const step of steps) recorded.carryOut(step);
      recorded.settle();
      const records = bytesOf(recorded.journal);
      expectTheSame(recorded, restored(twice ? [records, records] : [records], recorded));
    }),
    { numRuns: 40 },
  );
});

const TINY = { large: 0, piece: 3, keys: 2 };

/** Writes the sessions of an engine in pieces, one piece per call. Treats every session as large. */
class InPieces {
  #cursor = 0;
  #isOver = false;
  #pieces: SessionPieces | undefined;
  #slot = 0;
  #stop = () => {};

  constructor(
    readonly engine: SessionEngine,
    readonly begin: (session: Session) => SessionPieces | undefined,
  ) {}

  /** Returns whether there may be more. */
  next(): boolean {
    if (this.#pieces?.next()) return true;
    this.#stop();
    const again = this.#pieces?.isBegunAgain === true;
    this.#pieces = undefined;
    if (this.#isOver && !again) return false;
    if (!again) this.#slot = this.#cursor;
    const next = this.engine.scan(this.#slot, 1, (session) => {
      this.#pieces = this.begin(session);
    });
    if (!again) {
      this.#cursor = next;
      this.#isOver = next === 0;
    }
    this.#stop = this.#pieces === undefined ? () => {} : this.engine.listen(this.#pieces);
    return true;
  }
}

it('a base written in pieces while sessions change, with the records appended meanwhile, restores the sessions', () => {
  fc.assert(
    fc.property(
      fc.array(act, { maxLength: 20, size: 'max' }),
      fc.array(act, { maxLength: 60, size: 'max' }),
      (before, during) => {
        const recorded = new Recorded();
        const { engine, recorder } = recorded;
        for (const step of before) recorded.carryOut(step);
        bytesOf(recorded.journal);
        const base = new RecordEncoder();
        recorder.beginBase();
        const inPieces = new InPieces(engine, (session) => {
          if (recorder.isNew(session)) return undefined;
          return new SessionPieces(
            engine,
            session,
            base,
            recorder.writeHeadTo(base, session),
            TINY,
            recorder.wall,
            false,
          );
        });
        for (const step of during) {
          recorded.carryOut(step);
          inPieces.next();
        }
        while (inPieces.next());
        recorded.settle();
        expectTheSame(recorded, restored([bytesOf(base), bytesOf(recorded.journal)], recorded));
      },
    ),
    { numRuns: 40 },
  );
});

it('a data set written in pieces has every session that existed throughout, as it was at its last piece', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(act, { maxLength: 20, size: 'max' }),
      fc.array(act, { maxLength: 60, size: 'max' }),
      async (before, during) => {
        const recorded = new Recorded();
        const { engine, clock } = recorded;
        for (const step of before) recorded.carryOut(step);
        const wall = new WallTime(clock);
        const set = new RecordEncoder();
        /** The sessions as they were when they were completely written, by token. */
        const written = new Map<string, Kept>();
        const inPieces = new InPieces(engine, (session) => {
          const pieces = new SessionPieces(
            engine,
            session,
            set,
            writeHead(set, engine, session, 0, wall),
            TINY,
            wall,
            true,
          );
          const next = pieces.next.bind(pieces);
          pieces.next = () => {
            const more = next();
            if (more || !pieces.isWhole) return more;
            const token = engine.token(session);
            // Another session may have had this token. The one that was written first is loaded.
            if (!written.has(token)) written.set(token, kept(engine, session));
            return more;
          };
          return pieces;
        });
        for (const step of during) {
          recorded.carryOut(step);
          inPieces.next();
        }
        while (inPieces.next());
        set.append('END', {});

        const other = new SessionEngine({ clock, secret: Buffer.alloc(32) });
        const visitor = {
          whole: (saved: SavedSession) => {
            if (exists(other, saved)) return;
            const created = other.create(saved.name, saved.settings);
            for (const { key, deadline } of saved.deadlines) other.data.setKeyDeadline(created, key, deadline);
          },
          begin: () =>
            new LoadingSession({
              engine: other,
              recorder: undefined,
              check() {},
              onCreated() {},
              onSkipped() {},
              onEnd() {},
            }),
          pause: () => undefined,
        };
        await readSavedSessions(batches(bytesOf(set)), 'set', visitor, wall, true);
        // A deadline of a key is rounded up when it is written. Some have passed since.
        for (const [token, session] of written) if (!expire(session, clock.now() - 1)) written.delete(token);
        const loaded = new Map<string, unknown>();
        other.scan(0, 2 ** 27, (session) => loaded.set(other.token(session), kept(other, session)));
        for (const [token, session] of written) expect([token, loaded.get(token)]).toEqual([token, session]);
        expect(loaded.size).toBe(written.size);
        expect(other.stats()).toMatchObject({ sessions: loaded.size });
      },
    ),
    { numRuns: 40 },
  );
});

type Kept = ReturnType<typeof kept>;

/** Returns what a data set keeps of a session. */
function kept(engine: SessionEngine, session: Session) {
  const { name, duration, maxAgeMs, deleteSession, extend, shared, keys } = engine.info(session);
  const data = new Map<string, string>();
  engine.data.peek(session, (key, value) => data.set(key.latin1(), value.latin1()));
  const kind = engine.kindOf(session);
  const order: string[] = [];
  if (kind === 'zset') engine.data.peekOrder(session).visit(0, keys, 1, (member) => order.push(member.latin1()));
  const id = engine.id(session);
  const due = new Map<string, number>();
  engine.data.forEachKeyDeadline(session, (key, at) => due.set(key.latin1(), at));
  return {
    ...{ id, name: name.toString('latin1'), duration, maxAgeMs, deleteSession, extend, shared, keys },
    ...{ kind, data, order, due, isTokenless: engine.isTokenless(session) },
  };
}

/** Removes the keys that are due at a time. Returns whether the session still lives. */
function expire(session: Kept, now: number): boolean {
  const before = session.data.size;
  for (const [key, at] of session.due) {
    if (at <= now) session.data.delete(key);
    if (at <= now) session.due.delete(key);
    else session.due.set(key, at + 1);
  }
  session.keys = session.data.size;
  return session.keys > 0 || session.keys === before || !session.isTokenless;
}

/** Yields the records in several batches. Each batch is overwritten when the next one is requested. */
async function* batches(bytes: Buffer): AsyncGenerator<Iterable<JournalRecord>> {
  const decoder = new RecordDecoder();
  let at = 0;
  let left = 0;
  const some = function* (batch: Buffer) {
    for (let i = 0; left > 0 && at < bytes.length; left--) {
      const end = decoder.decode(bytes, at, bytes.length);
      bytes.copy(batch, i, at, end);
      i = decoder.decode(batch, i, i + end - at);
      at = end;
      yield decoder;
    }
  };
  for (let length = 1; at < bytes.length; length = (length % 5) + 1) {
    left = length;
    const batch = Buffer.alloc(bytes.length);
    yield some(batch);
    batch.fill(0x55);
  }
}

it('the members of a large sorted set are put in order in steps, before the restoration is finished', () => {
  const recorded = new Recorded();
  const members = Array.from({ length: 3000 }, (_, i) => `m${(i * 7) % 3000}`);
  const data = members.flatMap((one, i) => [slice(one), scoreText(i % 10)]);
  recorded.engine.create(slice('z'), { shared: 'tokenless', kind: 'zset', data });
  const engine = new SessionEngine({ clock: recorded.clock });
  const restoration = engine.restore();
  const replay = new Replay(restoration, new WallTime(recorded.clock));
  const decoder = new RecordDecoder();
  const bytes = bytesOf(recorded.journal);
  for (let at = 0; at < bytes.length; ) {
    at = decoder.decode(bytes, at, bytes.length);
    replay.visit(decoder);
  }
  const memory = engine.memory;
  const steps = [...restoration.keepOrders()];
  expect(steps.length).toBeGreaterThan(20);
  const ordered = engine.memory;
  expect(ordered).toBeGreaterThan(memory);
  restoration.finish();
  // Nothing was left to do.
  expect(engine.memory).toBe(ordered);
  const order: string[] = [];
  engine.data.peekOrder(engine.findShared(slice('z'))).visit(0, 3000, 1, (one) => order.push(one.latin1()));
  const byScore = (at: number) => members.filter((_, i) => i % 10 === at).sort();
  expect(order).toEqual(Array.from({ length: 10 }, (_, at) => byScore(at)).flat());
});

it('a restored shared session is found by its name, even if the secret has changed', () => {
  const recorded = new Recorded();
  const session = recorded.engine.create(slice('x'), { shared: true });
  const token = recorded.engine.token(session);
  const { engine } = restored([bytesOf(recorded.journal)], recorded, Buffer.alloc(32, 1));
  expect(engine.token(engine.open(slice('x')))).toBe(token);
  expect(() => engine.create(slice('x'), { shared: true })).toThrow('a shared session with this name already exists');
});
