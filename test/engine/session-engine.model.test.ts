import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  type Extend,
  NO_SESSION,
  SESSION_EVENTS,
  type Session,
  SessionEngine,
  type SessionEvent,
} from '../../src/engine/index.js';
import { Slice } from '../../src/slice.js';
import { FakeClock } from '../fake-clock.js';

/**
 * Compares the engine with a naive model of the rules in docs/sessions.md: objects in a list, searched from end to end,
 * with every deadline checked after every step. After each step, everything that is visible must be equal.
 */

interface ModelSession {
  tokens: { token: string; until: number }[];
  name: string;
  duration: number;
  deadline: number;
  end: number;
  deleteSession: boolean;
  extend: Extend;
  data: Map<string, string>;
}

/** A session's end, as one line. */
function endOf(event: string, name: string, data: [string, string][]): string {
  return JSON.stringify([event, name, data]);
}

/** Runs all steps. Returns the result. */
function finish<Result>(steps: Generator<void, Result>): Result {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

class Model {
  now = 0;
  sessions: ModelSession[] = [];
  readonly events: Record<string, number> = {};
  /** The ends of sessions, with the data they had. */
  readonly ends: string[] = [];

  /** Lets time pass to `now`, one deadline after the other. */
  passTo(now: number): void {
    this.now = now;
    for (const session of [...this.sessions]) {
      session.tokens = session.tokens.filter(({ until }) => until > now);
      if (session.deadline <= now && session.deadline < session.end) {
        if (session.deleteSession) {
          this.end(session, 'expired');
          continue;
        }
        this.count('cleared');
        session.data.clear();
        session.deadline = Infinity;
      }
      if (session.end <= now) this.end(session, 'maxage');
    }
  }

  end(session: ModelSession, event: SessionEvent): void {
    this.count(event);
    this.ends.push(endOf(event, session.name, [...session.data]));
    this.sessions = this.sessions.filter((other) => other !== session);
  }

  count(event: SessionEvent): void {
    this.events[event] = (this.events[event] ?? 0) + 1;
  }

  start(session: ModelSession): void {
    session.deadline = session.duration > 0 ? this.now + session.duration : Infinity;
  }

  touch(session: ModelSession): boolean {
    if (session.deadline === Infinity) return false;
    this.start(session);
    return true;
  }

  read(session: ModelSession): void {
    if (session.extend === 'get' || session.extend === 'both') this.touch(session);
  }

  wrote(session: ModelSession): void {
    if (session.deadline === Infinity) this.start(session);
    else if (session.extend === 'set' || session.extend === 'both') this.start(session);
  }
}

const extendsOf: Extend[] = ['none', 'get', 'set', 'both'];
const which = fc.nat({ max: 7 });
const key = fc.constantFrom('a', 'b', 'c', '\xff\0');
const value = fc.constantFrom('', '1', '41', 'text', '\r\n');
const duration = fc.constantFrom(0, 5, 10, 15, 100, 700_000);

const operations = fc.array(
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('create' as const),
        name: fc.constantFrom('x', 'y', 'z'),
        duration,
        deleteSession: fc.boolean(),
        extend: fc.constantFrom(...extendsOf),
        maxAgeMs: fc.constantFrom(0, 0, 1000, 2000),
        limit: fc.constantFrom(undefined, undefined, 1, 2),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('end' as const), which, isOneOfMany: fc.boolean() }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('endName' as const),
        name: fc.constantFrom('x', 'y', 'z'),
        inSteps: fc.boolean(),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('endAll' as const), late: fc.constantFrom(0, 0, 5, 100, 2000) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('workOff' as const), count: fc.nat({ max: 3 }), room: fc.boolean() }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('touch' as const), which }) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('setDuration' as const),
        which,
        duration,
        deleteSession: fc.constantFrom(undefined, true, false),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('rotate' as const), which, grace: fc.constantFrom(0, 10, 100) }),
    },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('set' as const), which, key, value }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('add' as const), which, key, value }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('append' as const), which, key, value }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('compareAndSet' as const), which, key, expected: value, value }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete' as const), which, key }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('clear' as const), which }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('replace' as const), which, key, value }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('get' as const), which, key }) },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('pass' as const),
        ms: fc.constantFrom(1, 4, 5, 9, 10, 11, 85, 1000, 700_000),
        late: fc.boolean(),
      }),
    },
  ),
  { maxLength: 60, size: 'max' },
);
type Operation = (typeof operations extends fc.Arbitrary<infer Value> ? Value : never)[number];

const bytes = (text: string) => Slice.of(Buffer.from(text, 'latin1'));

class Comparison {
  readonly #clock = new FakeClock();
  readonly #origin = this.#clock.now();
  readonly #events: Record<string, number> = {};
  readonly #engine = new SessionEngine({
    clock: this.#clock,
    endsAtOnce: 0,
    listener: {
      onSession: (event, session) => {
        this.#events[event] = (this.#events[event] ?? 0) + 1;
        if (event !== 'cleared' && SESSION_EVENTS[event] !== 'session') return;
        const data: [string, string][] = [];
        this.#engine.data.peek(session, (key, value) => data.push([key.latin1(), value.latin1()]));
        if (event !== 'cleared') this.#ends.push(endOf(event, this.#engine.nameText(session), data));
        // It has ended, or is about to: looking it up does no harm.
        this.#engine.find(this.#engine.tokenBytes(session));
      },
      isBehind: () => this.#allowed-- <= 0,
    },
  });
  readonly #memory = this.#engine.memory;
  readonly #ends: string[] = [];
  /** How many slots the sweep may look at after `endAll`. */
  #allowed = 0;
  readonly #model = new Model();

  run(operations: Operation[]): void {
    for (const operation of operations) {
      this.#do(operation);
      this.#compare();
    }
    this.#do({ kind: 'endAll', late: 0 });
    this.#compare();
    const { ended, expired } = this.#engine.stats();
    this.#allowed = Infinity;
    this.#clock.advance(1000);
    expect(this.#engine.doomed).toBe(0);
    this.#compare();
    expect(this.#engine.stats()).toMatchObject({
      sessions: 0,
      keys: 0,
      bytes: 0,
      names: 0,
      pending: 0,
      ended,
      expired,
    });
    expect(this.#engine.memory).toBe(this.#memory);
  }

  #do(operation: Operation): void {
    const model = this.#model;
    const engine = this.#engine;
    if (operation.kind === 'pass') {
      if (operation.late) this.#clock.freeze(operation.ms);
      else this.#clock.advance(operation.ms);
      model.passTo(this.#clock.now() - this.#origin);
    } else if (operation.kind === 'endAll') {
      this.#clock.freeze(operation.late);
      model.passTo(this.#clock.now() - this.#origin);
      expect(engine.endAll()).toBe(model.sessions.length);
      for (const old of [...model.sessions]) model.end(old, 'ended');
    } else if (operation.kind === 'workOff') {
      const { doomed } = engine;
      if (operation.room && doomed > 0) {
        // Memory that is needed is freed even if listeners are behind.
        engine.limitMemory(engine.memory - 1, 'noeviction');
        expect(engine.doomed).toBeLessThan(doomed);
        engine.limitMemory(Infinity, 'noeviction');
      }
      this.#allowed = operation.count;
      this.#clock.advance(0);
    } else if (operation.kind === 'create') {
      const { duration, deleteSession, extend, maxAgeMs, limit } = operation;
      const session = engine.create(bytes(operation.name), {
        duration,
        deleteSession,
        extend,
        maxAgeMs,
        ...(limit && { limit }),
      });
      const made: ModelSession = {
        tokens: [{ token: engine.token(session), until: Infinity }],
        name: operation.name,
        duration,
        deadline: Infinity,
        end: maxAgeMs > 0 ? model.now + maxAgeMs : Infinity,
        deleteSession,
        extend,
        data: new Map(),
      };
      model.sessions.push(made);
      model.count('new');
      model.start(made);
      const named = model.sessions.filter(({ name }) => name === operation.name);
      for (const old of named.slice(0, Math.max(0, named.length - (limit ?? Infinity)))) model.end(old, 'limit');
    } else if (operation.kind === 'endName') {
      const named = model.sessions.filter(({ name }) => name === operation.name);
      const name = bytes(operation.name);
      expect(operation.inSteps ? finish(engine.endingName(name)) : engine.endFew(name)).toBe(named.length);
      for (const old of named) model.end(old, 'ended');
    } else if (model.sessions.length > 0) {
      const expected = model.sessions[operation.which % model.sessions.length];
      const { token } = expected.tokens[operation.which % expected.tokens.length];
      this.#onSession(operation, engine.find(bytes(token)), expected);
    }
  }

  #onSession(
    operation: Exclude<Operation, { kind: 'pass' | 'create' | 'endName' | 'endAll' | 'workOff' }>,
    session: Session,
    expected: ModelSession,
  ): void {
    const model = this.#model;
    const { data } = this.#engine;
    expect(session).not.toBe(NO_SESSION);
    switch (operation.kind) {
      case 'end':
        if (operation.isOneOfMany) this.#engine.endingMany()(session);
        else this.#engine.end(session);
        model.end(expected, 'ended');
        break;
      case 'touch':
        expect(this.#engine.touch(session)).toBe(model.touch(expected));
        break;
      case 'setDuration':
        this.#engine.setDuration(session, operation.duration, operation.deleteSession);
        expected.duration = operation.duration;
        expected.deleteSession = operation.deleteSession ?? expected.deleteSession;
        model.start(expected);
        break;
      case 'rotate':
        this.#engine.rotate(session, operation.grace);
        if (operation.grace === 0) expected.tokens = [];
        for (const old of expected.tokens) if (old.until === Infinity) old.until = model.now + operation.grace;
        expected.tokens.push({ token: this.#engine.token(session), until: Infinity });
        model.count('rotated');
        break;
      case 'get':
        model.read(expected);
        expect(data.get(session, bytes(operation.key))?.latin1()).toBe(expected.data.get(operation.key));
        break;
      case 'set':
        data.set(session, [bytes(operation.key), bytes(operation.value)]);
        expected.data.set(operation.key, operation.value);
        model.wrote(expected);
        break;
      case 'add': {
        const added = !expected.data.has(operation.key);
        expect(data.add(session, [bytes(operation.key), bytes(operation.value)])).toBe(added ? 1 : 0);
        if (!added) return;
        expected.data.set(operation.key, operation.value);
        model.wrote(expected);
        break;
      }
      case 'append': {
        const joined = (expected.data.get(operation.key) ?? '') + operation.value;
        expect(data.append(session, bytes(operation.key), bytes(operation.value))).toBe(joined.length);
        expected.data.set(operation.key, joined);
        model.wrote(expected);
        break;
      }
      case 'compareAndSet': {
        const matches = expected.data.get(operation.key) === operation.expected;
        expect(
          data.compareAndSet(session, bytes(operation.key), bytes(operation.expected), bytes(operation.value)),
        ).toBe(matches);
        if (!matches) return;
        expected.data.set(operation.key, operation.value);
        model.wrote(expected);
        break;
      }
      case 'delete': {
        const deleted = expected.data.delete(operation.key);
        expect(data.delete(session, [bytes(operation.key), bytes(operation.key)])).toBe(deleted ? 1 : 0);
        if (deleted) model.wrote(expected);
        break;
      }
      case 'clear': {
        const { size } = expected.data;
        expect(data.clear(session)).toBe(size);
        expected.data.clear();
        if (size > 0) model.wrote(expected);
        break;
      }
      case 'replace':
        expect(data.replace(session, [bytes(operation.key), bytes(operation.value)])).toBe(expected.data.size);
        expected.data.clear();
        expected.data.set(operation.key, operation.value);
        model.wrote(expected);
        break;
    }
  }

  #compare(): void {
    const engine = this.#engine;
    for (const name of ['x', 'y', 'z']) {
      const sessions = engine.sessionsOf(bytes(name));
      const expected = this.#model.sessions.filter((session) => session.name === name);
      expect(sessions.map((session) => engine.token(session))).toEqual(
        expected.map(({ tokens }) => tokens.find(({ until }) => until === Infinity)?.token),
      );
    }
    let keys = 0;
    let size = 0;
    for (const expected of this.#model.sessions) {
      for (const { token } of expected.tokens) {
        const session = engine.find(bytes(token));
        const seen: string[] = [];
        engine.data.forEachKey(session, (key) => seen.push(key.latin1()));
        expect(seen).toEqual([...expected.data.keys()]);
        const left = Math.min(expected.deadline, expected.end) - this.#model.now;
        expect(engine.timeLeft(session)).toBeCloseTo(left, 6);
      }
      keys += expected.data.size;
      for (const [key, value] of expected.data) size += key.length + value.length;
    }
    const { sessions, created, ended, expired, pending } = engine.stats();
    expect(engine.stats()).toMatchObject({ sessions: this.#model.sessions.length, keys, bytes: size });
    expect(created - ended - expired).toBe(sessions);
    expect(engine.stats().names).toBe(new Set(this.#model.sessions.map(({ name }) => name)).size);
    const timers = this.#model.sessions.map(({ tokens, deadline, end }) => tokens.length - (deadline === end ? 1 : 0));
    // Old tokens that are due count until the wheel comes to them.
    expect(pending).toBeGreaterThanOrEqual(timers.reduce((sum, count) => sum + count, 0));
    let scanned = 0;
    engine.scan(0, Infinity, () => scanned++);
    expect(scanned).toBe(sessions);
    const counts = new Map<string, number>();
    engine.scanNames(0, Infinity, (oldest, count) => {
      const name = engine.nameText(oldest);
      expect([counts.has(name), engine.sessionsOf(bytes(name))[0]]).toEqual([false, oldest]);
      counts.set(name, count);
    });
    for (const { name } of this.#model.sessions) counts.set(name, (counts.get(name) ?? 0) - 1);
    expect([...counts.values()].filter((left) => left !== 0)).toEqual([]);
    // The events of sessions that were all ended at once come later.
    expect(this.#ends.length).toBe(this.#model.ends.length - engine.doomed);
    if (engine.doomed > 0) return;
    expect(this.#events).toEqual(this.#model.events);
    expect([...this.#ends].sort()).toEqual([...this.#model.ends].sort());
  }
}

it('follows the rules, whatever is done in any order', () => {
  fc.assert(
    fc.property(operations, (sequence) => new Comparison().run(sequence)),
    { numRuns: 40 },
  );
});
