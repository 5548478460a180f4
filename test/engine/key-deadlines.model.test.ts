import fc from 'fast-check';
import { expect, it } from 'vitest';
import { NO_SESSION, type Session, SessionEngine } from '../../src/engine/index.js';
import { Slice } from '../../src/slice.js';
import { FakeClock } from '../fake-clock.js';

const bytes = (text: string) => Slice.of(text);

/** As many keys that are due at once are removed at once. */
const AT_ONCE = 256;
const MANY = 300;

interface ModelKey {
  value: string;
  due: number;
}

interface ModelSession {
  readonly name: string;
  /** Undefined for a key of Redis, which has no token and ends with its last field. */
  readonly token: Slice | undefined;
  readonly keys: Map<string, ModelKey>;
  readonly deleteSession: boolean;
  deadline: number;
  duration: number;
}

/** What sessions must be: all that is due at a time has been done by then, in the order of the deadlines. */
class Model {
  readonly sessions = new Map<string, ModelSession>();
  /** Keys that have expired, in order, by the name of their session. */
  readonly expired = new Map<string, string[]>();
  /** The names of sessions that ended or were cleared when very many of their keys were due. */
  readonly excused = new Set<string>();
  /** While the engine is held, only what was due by then has expired. */
  heldAt = Infinity;

  settle(now: number): void {
    this.#settle(Math.min(now, this.heldAt));
  }

  /** What was due has come before the end, even while nothing expires by itself. */
  endAll(now: number): void {
    this.#settle(now);
    this.sessions.clear();
    for (const name of this.expired.keys()) this.excuse(name);
  }

  #settle(now: number): void {
    for (const session of [...this.sessions.values()]) {
      this.#expireKeys(session, Math.min(now, session.deadline));
      if (session.deadline < Infinity) this.excuse(session.name);
      if (session.deadline > now) continue;
      if (!this.sessions.has(session.name)) continue;
      if (session.deleteSession) this.sessions.delete(session.name);
      session.keys.clear();
      session.deadline = Infinity;
    }
  }

  #expireKeys(session: ModelSession, until: number): void {
    const due = [...session.keys].filter(([, key]) => key.due <= until);
    // Keys that are due at the same time expire in the order of their bytes, or of the time when they were set.
    for (const [key, { value }] of due.sort(([, a], [, b]) => a.due - b.due)) {
      session.keys.delete(key);
      this.logOf(session.name).push(`${key}=${value}`);
    }
    if (due.length > 0 && session.keys.size === 0 && session.token === undefined) this.sessions.delete(session.name);
  }

  /** Call this when a session may end or be cleared: keys that were due but not removed yet go with the others. */
  excuse(name: string): void {
    if (this.logOf(name).length > AT_ONCE) this.excused.add(name);
  }

  logOf(name: string): string[] {
    const log = this.expired.get(name) ?? [];
    this.expired.set(name, log);
    return log;
  }

  wrote(session: ModelSession, now: number): void {
    if (session.deadline === Infinity && session.duration > 0) session.deadline = now + session.duration;
  }
}

const which = fc.nat({ max: 5 });
// The last is one of very many.
const key = fc.constantFrom('a', 'b', 'c', 'd', 'm7');
const value = fc.constantFrom('', '1', 'x'.repeat(200));
const after = fc.constantFrom(-5, 0, 1, 9, 10, 11, 250, 999, 1000, 1001, 5000, 700_000, Infinity);
const duration = fc.constantFrom(0, 0, 1000, 5000, 20_000);

const act = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ act: fc.constant('create' as const), isKey: fc.boolean(), duration, stays: fc.boolean() }),
  },
  { weight: 4, arbitrary: fc.record({ act: fc.constant('set' as const), which, key, value }) },
  { weight: 8, arbitrary: fc.record({ act: fc.constant('setDeadline' as const), which, key, after }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant('setMany' as const), which, after }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant('setKeeping' as const), which, key, value }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant('append' as const), which, key }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant('delete' as const), which, key }) },
  fc.record({ act: fc.constant('clear' as const), which }),
  fc.record({ act: fc.constant('replace' as const), which, key }),
  { weight: 2, arbitrary: fc.record({ act: fc.constant('copy' as const), which }) },
  fc.record({ act: fc.constant('end' as const), which }),
  fc.record({ act: fc.constant('endAll' as const) }),
  fc.record({ act: fc.constant('hold' as const) }),
  { weight: 2, arbitrary: fc.record({ act: fc.constant('setDuration' as const), which, duration }) },
  {
    weight: 6,
    arbitrary: fc.record({
      act: fc.constant('pass' as const),
      ms: fc.constantFrom(0, 1, 9, 10, 250, 1000, 5000, 700_000),
      // Whether the wheel runs.
      runs: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ act: fc.constant('look' as const) }) },
);
type Act = typeof act extends fc.Arbitrary<infer Value> ? Value : never;

/** An engine and what it must do. */
class Compared {
  readonly clock = new FakeClock();
  readonly model = new Model();
  /** Keys that the engine has expired, by the name of their session. */
  readonly expired = new Map<string, string[]>();
  readonly engine: SessionEngine = new SessionEngine({
    clock: this.clock,
    endsAtOnce: 2,
    listener: {
      onSession: (event, session, key) => {
        if (event !== 'keyexpired' || key === undefined) return;
        const name = this.engine.nameText(session);
        const log = this.expired.get(name) ?? [];
        this.expired.set(name, log);
        log.push(`${key}=${this.engine.data.peekValue(session, key)}`);
      },
    },
  });
  #names = 0;

  #find({ name, token }: ModelSession): Session {
    return token === undefined ? this.engine.findShared(bytes(name)) : this.engine.find(token);
  }

  carryOut(step: Act): void {
    const { engine, model, clock } = this;
    if (step.act === 'pass') {
      // A slice is over at once.
      if (step.runs) clock.advance(step.ms);
      else clock.freeze(step.ms);
      model.settle(clock.now());
      return;
    }
    if (step.act === 'hold') {
      model.settle(clock.now());
      if (model.heldAt < Infinity) engine.release();
      else engine.hold();
      model.heldAt = model.heldAt < Infinity ? Infinity : clock.now();
      model.settle(clock.now());
      return;
    }
    if (step.act === 'look') {
      this.look();
      return;
    }
    model.settle(clock.now());
    if (step.act === 'endAll') {
      engine.endAll();
      model.endAll(clock.now());
      return;
    }
    if (step.act === 'create') {
      this.#create(step.isKey, { duration: step.duration, deleteSession: step.isKey || !step.stays });
      return;
    }
    const session = [...model.sessions.values()][step.which];
    if (session === undefined) return;
    const found = this.#find(session);
    expect(found).not.toBe(NO_SESSION);
    if (this.#change(step, session, found)) model.wrote(session, clock.now());
    model.settle(clock.now());
    if (session.keys.size === 0 && session.token === undefined && model.sessions.has(session.name)) {
      // A command that removes the last field of a key of Redis ends it.
      model.sessions.delete(session.name);
      const left = this.#find(session);
      if (left !== NO_SESSION) engine.end(left);
    }
  }

  #create(isKey: boolean, settings: { duration: number; deleteSession: boolean }, copyOf?: ModelSession): void {
    const { engine, model, clock } = this;
    const name = `s${this.#names++}`;
    const source = copyOf && this.#find(copyOf);
    const data = isKey && copyOf === undefined ? [bytes('a'), bytes('0')] : [];
    const shared = isKey ? ('tokenless' as const) : false;
    const session = engine.create(bytes(name), { ...settings, shared, data, copyOf: source });
    const keys = new Map<string, ModelKey>();
    if (data.length > 0) keys.set('a', { value: '0', due: Infinity });
    for (const [key, own] of copyOf?.keys ?? []) keys.set(key, { ...own });
    model.sessions.set(name, {
      ...{ name, keys, ...settings, deadline: settings.duration > 0 ? clock.now() + settings.duration : Infinity },
      token: isKey ? undefined : bytes(engine.token(session)),
    });
  }

  /** Returns whether the session's data has changed. */
  #change(step: Extract<Act, { which: number }>, session: ModelSession, found: Session): boolean {
    const { engine, model, clock } = this;
    const { data } = engine;
    const { keys } = session;
    const now = clock.now();
    switch (step.act) {
      case 'set':
        data.set(found, [bytes(step.key), bytes(step.value)]);
        keys.set(step.key, { value: step.value, due: Infinity });
        return true;
      case 'setKeeping':
        data.setKeeping(found, [bytes(step.key), bytes(step.value)]);
        keys.set(step.key, { value: step.value, due: keys.get(step.key)?.due ?? Infinity });
        return true;
      case 'append': {
        data.append(found, bytes(step.key), bytes('+'));
        const former = keys.get(step.key) ?? { value: '', due: Infinity };
        keys.set(step.key, { ...former, value: `${former.value}+` });
        return true;
      }
      case 'setDeadline': {
        const own = keys.get(step.key);
        expect(data.setKeyDeadline(found, bytes(step.key), now + step.after)).toBe(own !== undefined);
        if (own === undefined || (own.due === Infinity && step.after === Infinity)) return false;
        own.due = Math.max(now + step.after, now);
        return true;
      }
      case 'setMany':
        for (let i = 0; i < MANY; i++) {
          data.set(found, [bytes(`m${i}`), bytes('1')]);
          data.setKeyDeadline(found, bytes(`m${i}`), now + Math.max(1, step.after));
          keys.set(`m${i}`, { value: '1', due: now + Math.max(1, step.after) });
        }
        return true;
      case 'delete':
        expect(data.delete(found, [bytes(step.key)])).toBe(keys.has(step.key) ? 1 : 0);
        return keys.delete(step.key);
      case 'clear': {
        const { size } = keys;
        expect(data.clear(found)).toBe(size);
        model.excuse(session.name);
        keys.clear();
        return size > 0;
      }
      case 'replace':
        expect(data.replace(found, [bytes(step.key), bytes('new')])).toBe(keys.size);
        model.excuse(session.name);
        keys.clear();
        keys.set(step.key, { value: 'new', due: Infinity });
        return true;
      case 'copy':
        this.#create(session.token === undefined, { duration: 0, deleteSession: true }, session);
        return false;
      case 'end':
        engine.end(found);
        model.excuse(session.name);
        model.sessions.delete(session.name);
        return false;
      case 'setDuration':
        engine.setDuration(found, step.duration);
        session.duration = step.duration;
        session.deadline = step.duration > 0 ? now + step.duration : Infinity;
        return false;
    }
  }

  /** Compares everything that clients see. */
  look(): void {
    const { engine, model, clock } = this;
    const { data } = engine;
    model.settle(clock.now());
    for (const session of model.sessions.values()) {
      const found = this.#find(session);
      expect([session.name, found]).not.toEqual([session.name, NO_SESSION]);
      expect(data.count(found)).toBe(session.keys.size);
      for (const [key, { value, due }] of session.keys) {
        if (key.startsWith('m') && key !== 'm7') continue;
        expect(data.keyDeadline(found, bytes(key))).toBe(due);
        expect(data.peekValue(found, bytes(key))?.toString()).toBe(value);
      }
      for (const key of ['a', 'b', 'c', 'd', 'm7', 'm299']) {
        expect(data.has(found, bytes(key))).toBe(session.keys.has(key));
      }
      const walked = new Map<string, string>();
      data.peek(found, (key, value) => walked.set(`${key}`, `${value}`));
      expect(walked).toEqual(new Map([...session.keys].map(([key, { value }]) => [key, value])));
      const scanned: string[] = [];
      let cursor = 0;
      do cursor = data.peekSome(found, cursor, 50, (key) => scanned.push(`${key}`));
      while (cursor !== 0);
      expect(scanned.sort()).toEqual([...session.keys.keys()].sort());
      for (let place = 0; place < data.count(found); place += 37) {
        expect(session.keys.has(`${data.keyAt(found, place)}`)).toBe(true);
      }
    }
  }

  /** Compares the events, once everything that was due has been removed. */
  finish(): void {
    const { engine, model, clock } = this;
    if (model.heldAt < Infinity) this.carryOut({ act: 'hold' });
    this.look();
    clock.advance(100_000);
    this.look();
    for (const name of new Set([...model.expired.keys(), ...this.expired.keys()])) {
      const [expected, own] = [model.expired.get(name) ?? [], this.expired.get(name) ?? []];
      if (!this.model.excused.has(name)) expect([...own].sort()).toEqual([...expected].sort());
      else for (const one of own) expect(expected).toContain(one);
    }
    const keys = [...model.sessions.values()].flatMap((session) => [...session.keys.values()]);
    expect(engine.stats()).toMatchObject({
      sessions: model.sessions.size,
      keys: keys.length,
      timedKeys: keys.filter(({ due }) => due < Infinity).length,
    });
    engine.endAll();
    clock.advance(100_000);
    expect(engine.stats()).toMatchObject({ sessions: 0, keys: 0, bytes: 0, timedKeys: 0, sessionsWithTimedKeys: 0 });
  }
}

it('keys expire at their deadlines, whatever is done in any order, and however many are due at once', () => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 60, size: 'max' }), (steps) => {
      const compared = new Compared();
      for (const step of steps) compared.carryOut(step);
      compared.finish();
    }),
    { numRuns: 100 },
  );
});
