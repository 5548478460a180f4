import fc from 'fast-check';
import { expect, it } from 'vitest';
import { NO_SESSION, type Session, SessionEngine, SessionError, type SessionEvent } from '../../src/engine/index.js';
import { DerivedTokens } from '../../src/engine/tokens/derived-tokens.js';
import { formatToken, TOKEN_WORDS } from '../../src/engine/tokens/token.js';
import { Slice } from '../../src/slice.js';
import { FakeClock } from '../fake-clock.js';

/**
 * Compares the engine's shared sessions, as plain keys use them, with a naive model. They have no token until one is
 * asked for, may be strings, and are renamed and replaced. A rival session chooses the very token that would be derived
 * for one of them.
 */

interface ModelKey {
  isString: boolean;
  data: Map<string, string>;
  duration: number;
  deadline: number;
  deleteSession: boolean;
}

const NAMES = ['a', 'b', 'c'] as const;
type Name = (typeof NAMES)[number];
const SECRET = Buffer.from('0123456789abcdef');
const bytes = (text: string) => Slice.of(Buffer.from(text, 'latin1'));

function derived(name: string): string {
  const words = new Uint32Array(TOKEN_WORDS);
  new DerivedTokens(SECRET).derive(bytes(name), words);
  return formatToken(words).latin1();
}

const name = fc.constantFrom(...NAMES);
const key = fc.constantFrom('', 'f', '\xff\0');
const value = fc.constantFrom('', '1', '41', 'text', '\r\n', 'x'.repeat(300));
const duration = fc.constantFrom(0, 5, 10, 100, 700_000);
const named = <Kind extends string>(kind: Kind) => fc.record({ kind: fc.constant(kind), name });

/**
 * Whether `by` can be added to a value. Like Redis, it does not accept `01` and `-0`, which APPEND can make, as
 * integers.
 */
function adds(text: string, by: bigint): boolean {
  return /^(?:0|-?[1-9]\d*)$/.test(text) && [BigInt(text), BigInt(text) + by].every((n) => BigInt.asIntN(64, n) === n);
}

const operations = fc.array(
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('create' as const),
        name,
        tokenless: fc.boolean(),
        isString: fc.boolean(),
        duration,
        deleteSession: fc.boolean(),
        value,
      }),
    },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('setString' as const), name, value }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('appendToString' as const), name, value }) },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('incrementString' as const), name, by: fc.bigInt(-9n, 9n) }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('write' as const),
        name,
        how: fc.constantFrom('set', 'add', 'append', 'compareAndSet', 'delete', 'clear', 'replace', 'increment'),
        key,
        value,
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('setDuration' as const), name, duration }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('rename' as const), name, to: name }) },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('end' as const), name, isOneOfMany: fc.boolean() }),
    },
    { weight: 2, arbitrary: named('open') },
    { weight: 2, arbitrary: named('present') },
    { weight: 1, arbitrary: named('rival') },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('endRival' as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('endAll' as const), late: fc.constantFrom(0, 0, 5, 95) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('workOff' as const), count: fc.nat({ max: 3 }) }) },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('pass' as const),
        ms: fc.constantFrom(1, 4, 5, 10, 95, 700_000),
        late: fc.boolean(),
      }),
    },
  ),
  { maxLength: 60, size: 'max' },
);
type Operation = (typeof operations extends fc.Arbitrary<infer Value> ? Value : never)[number];

function codeOf(action: () => unknown): string {
  try {
    action();
    return 'none';
  } catch (error) {
    if (error instanceof SessionError) return error.code;
    throw error;
  }
}

class Comparison {
  readonly #clock = new FakeClock();
  readonly #engine = new SessionEngine({
    clock: this.#clock,
    secret: SECRET,
    endsAtOnce: 0,
    listener: {
      onSession: (event, session) => this.#hear(event, session),
      isBehind: () => this.#allowed-- <= 0,
    },
    onFault: (fault) => {
      throw fault;
    },
  });
  /** The shared sessions that the listener knows of. */
  readonly #heard = new Set<string>();
  /** How many slots the sweep may look at after `endAll`. */
  #allowed = 0;
  readonly #memory = this.#engine.memory;
  readonly #keys = new Map<Name, ModelKey>();
  /** The former name of the key that is being renamed. */
  #renamed = '';
  /** The key whose token the rival has. */
  #rival: Name | undefined;

  run(sequence: readonly Operation[]): void {
    for (const operation of sequence) {
      this.#do(operation);
      this.#compare();
    }
    this.#engine.endAll();
    this.#allowed = Infinity;
    this.#clock.advance(1000);
    expect(this.#heard.size).toBe(0);
    expect(this.#engine.memory).toBe(this.#memory);
    expect(this.#engine.stats()).toMatchObject({ sessions: 0, keys: 0, bytes: 0, names: 0, pending: 0 });
    for (const name of NAMES) expect(this.#engine.find(bytes(derived(name)))).toBe(NO_SESSION);
    this.#engine.close();
  }

  /** Of two sessions with one name, the end of the first is published before the second is created. */
  #hear(event: SessionEvent, session: Session): void {
    const name = this.#engine.nameText(session);
    if (!this.#engine.isShared(session) || event === 'cleared') return;
    if (event === 'new') {
      expect(this.#heard).not.toContain(name);
      this.#heard.add(name);
    } else if (event === 'renamed') {
      expect(this.#heard).not.toContain(name);
      this.#heard.delete(this.#renamed);
      this.#heard.add(name);
    } else {
      expect(this.#heard).toContain(name);
      this.#heard.delete(name);
    }
  }

  #do(operation: Operation): void {
    if (operation.kind === 'endAll') {
      this.#clock.freeze(operation.late);
      this.#expire();
      expect(this.#engine.endAll()).toBe(this.#keys.size + (this.#rival === undefined ? 0 : 1));
      this.#keys.clear();
      this.#rival = undefined;
    } else if (operation.kind === 'workOff') {
      this.#allowed = operation.count;
      this.#clock.advance(0);
    } else if (operation.kind === 'pass') {
      if (operation.late) this.#clock.freeze(operation.ms);
      else this.#clock.advance(operation.ms);
      this.#expire();
    } else if (operation.kind === 'endRival') {
      expect(this.#engine.endFew(bytes('rival'))).toBe(this.#rival === undefined ? 0 : 1);
      this.#rival = undefined;
    } else if (operation.kind === 'rival') {
      this.#makeRival(operation.name);
    } else {
      const found = this.#engine.findShared(bytes(operation.name));
      const expected = this.#keys.get(operation.name);
      expect(found !== NO_SESSION).toBe(expected !== undefined);
      if (operation.kind === 'create') this.#create(operation);
      else if (operation.kind === 'open') this.#open(operation.name);
      else if (operation.kind === 'present') this.#present(operation.name);
      else if (expected === undefined) this.#begin(operation);
      else this.#change(operation, found, expected);
    }
  }

  /** Processes the deadlines that have come in the model. */
  #expire(): void {
    for (const [name, one] of this.#keys) {
      if (one.deadline > this.#clock.now()) continue;
      if (one.deleteSession) this.#keys.delete(name);
      one.data.clear();
      one.isString = false;
      one.deadline = Infinity;
    }
  }

  #makeRival(name: Name): void {
    const token = bytes(derived(name));
    const code = codeOf(() => this.#engine.create(bytes('rival'), { token, data: [bytes('of'), bytes(name)] }));
    // It is the token of the shared session, if there is one, whether or not anybody has asked for it.
    expect(code).toBe(this.#keys.has(name) || this.#rival === name ? 'SESSIONEXISTS' : 'none');
    if (code !== 'none') return;
    if (this.#rival !== undefined) this.#engine.end(this.#engine.sessionsOf(bytes('rival'))[0]);
    this.#rival = name;
  }

  #create(operation: Extract<Operation, { kind: 'create' }>): void {
    const { tokenless, isString, duration, deleteSession } = operation;
    const data = isString ? ['', operation.value] : ['f', operation.value];
    const settings = {
      shared: tokenless ? ('tokenless' as const) : true,
      duration,
      deleteSession,
      ...(isString ? { string: bytes(operation.value) } : { data: data.map(bytes) }),
    };
    const code = codeOf(() => this.#engine.create(bytes(operation.name), settings));
    // A tokenless session does not need a token that another session has.
    const isTaken = this.#keys.has(operation.name) || (!tokenless && this.#rival === operation.name);
    expect(code).toBe(isTaken ? 'SESSIONEXISTS' : 'none');
    if (isTaken) return;
    const made = { isString, data: new Map([[data[0], data[1]]]), duration, deleteSession, deadline: Infinity };
    this.#keys.set(operation.name, made);
    this.#start(made);
  }

  #open(name: Name): void {
    const expected = !this.#keys.has(name) ? 'NOSESSION' : this.#rival === name ? 'SESSIONEXISTS' : 'none';
    let opened: Session = NO_SESSION;
    expect(
      codeOf(() => {
        opened = this.#engine.open(bytes(name));
      }),
    ).toBe(expected);
    if (expected !== 'none') return;
    expect(this.#engine.isTokenless(opened)).toBe(false);
    expect(this.#engine.token(opened)).toBe(derived(name));
    expect(this.#engine.find(bytes(derived(name)))).toBe(opened);
  }

  /** A client presents the token, whether or not it was asked for before. */
  #present(name: Name): void {
    const session = this.#engine.find(bytes(derived(name)));
    if (this.#rival === name) {
      expect(this.#engine.nameText(session)).toBe('rival');
      expect(this.#engine.data.get(session, bytes('of'))?.latin1()).toBe(name);
    } else {
      expect(session).toBe(this.#engine.findShared(bytes(name)));
    }
  }

  /** The first write creates a key. */
  #begin(operation: Operation): void {
    if (operation.kind !== 'setString') return;
    this.#engine.create(bytes(operation.name), { shared: 'tokenless', string: bytes(operation.value) });
    this.#keys.set(operation.name, {
      isString: true,
      data: new Map([['', operation.value]]),
      duration: 0,
      deadline: Infinity,
      deleteSession: true,
    });
  }

  #change(
    operation: Exclude<
      Operation,
      { kind: 'create' | 'open' | 'present' | 'pass' | 'rival' | 'endRival' | 'endAll' | 'workOff' }
    >,
    session: Session,
    expected: ModelKey,
  ): void {
    const engine = this.#engine;
    switch (operation.kind) {
      case 'end':
        if (operation.isOneOfMany) engine.endingMany()(session);
        else engine.end(session);
        this.#keys.delete(operation.name);
        break;
      case 'setDuration':
        engine.setDuration(session, operation.duration);
        expected.duration = operation.duration;
        this.#start(expected);
        break;
      case 'rename': {
        const { token } = { token: derived(operation.name) };
        if (this.#keys.has(operation.to)) {
          expect(codeOf(() => engine.rename(session, bytes(operation.to)))).toBe('SESSIONEXISTS');
          if (operation.to === operation.name) return;
          engine.replace(engine.findShared(bytes(operation.to)));
        }
        this.#renamed = operation.name;
        engine.rename(session, bytes(operation.to));
        this.#keys.delete(operation.name);
        this.#keys.set(operation.to, expected);
        if (this.#rival !== operation.name) expect(engine.find(bytes(token))).toBe(NO_SESSION);
        break;
      }
      case 'setString':
        engine.data.setString(session, bytes(operation.value));
        this.#makeString(expected, operation.value);
        break;
      case 'appendToString': {
        if (!expected.isString && expected.data.size > 0) {
          expect(codeOf(() => engine.data.appendToString(session, bytes(operation.value)))).toBe('WRONGTYPE');
          return;
        }
        const joined = (expected.isString ? (expected.data.get('') ?? '') : '') + operation.value;
        expect(engine.data.appendToString(session, bytes(operation.value))).toBe(joined.length);
        this.#makeString(expected, joined);
        break;
      }
      case 'incrementString': {
        if (!expected.isString && expected.data.size > 0) {
          expect(codeOf(() => engine.data.incrementString(session, operation.by))).toBe('WRONGTYPE');
          return;
        }
        const before = expected.data.get('') ?? '0';
        if (!adds(before, operation.by)) {
          expect(codeOf(() => engine.data.incrementString(session, operation.by))).toBe('ERR');
          return;
        }
        const sum = BigInt(before) + operation.by;
        expect(engine.data.incrementString(session, operation.by)).toBe(sum);
        this.#makeString(expected, String(sum));
        break;
      }
      case 'write':
        this.#write(operation, session, expected);
        break;
    }
  }

  #write(operation: Extract<Operation, { kind: 'write' }>, session: Session, expected: ModelKey): void {
    const { data } = this.#engine;
    const [key, value] = [bytes(operation.key), bytes(operation.value)];
    const had = expected.data.get(operation.key);
    const version = this.#engine.version(session);
    const writes: Record<typeof operation.how, () => unknown> = {
      set: () => data.set(session, [key, value]),
      add: () => data.add(session, [key, value]),
      append: () => data.append(session, key, value),
      compareAndSet: () => data.compareAndSet(session, key, bytes('1'), value),
      delete: () => data.delete(session, [key]),
      clear: () => data.clear(session),
      replace: () => data.replace(session, [key, value]),
      increment: () => data.increment(session, key, 1n),
    };
    const code = codeOf(writes[operation.how]);
    if (expected.isString) {
      // An increment may report a problem with the value first.
      expect(operation.how === 'increment' && operation.key === '' ? ['WRONGTYPE', 'ERR'] : ['WRONGTYPE']).toContain(
        code,
      );
      expect(this.#engine.version(session)).toBe(version);
      return;
    }
    if (operation.how === 'increment' && had !== undefined && !adds(had, 1n)) {
      expect(code).toBe('ERR');
      return;
    }
    expect(code).toBe('none');
    const after = new Map(expected.data);
    if (operation.how === 'set' || (operation.how === 'add' && had === undefined))
      after.set(operation.key, operation.value);
    if (operation.how === 'append') after.set(operation.key, (had ?? '') + operation.value);
    if (operation.how === 'compareAndSet' && had === '1') after.set(operation.key, operation.value);
    if (operation.how === 'delete') after.delete(operation.key);
    if (operation.how === 'clear' || operation.how === 'replace') after.clear();
    if (operation.how === 'replace') after.set(operation.key, operation.value);
    if (operation.how === 'increment') after.set(operation.key, String(BigInt(had ?? '0') + 1n));
    const wrote = this.#engine.version(session) !== version;
    expected.data = after;
    if (wrote) this.#wrote(expected);
  }

  #makeString(expected: ModelKey, value: string): void {
    expected.isString = true;
    expected.data = new Map([['', value]]);
    this.#wrote(expected);
  }

  #wrote(expected: ModelKey): void {
    if (expected.deadline === Infinity) this.#start(expected);
  }

  #start(expected: ModelKey): void {
    expected.deadline = expected.duration > 0 ? this.#clock.now() + expected.duration : Infinity;
  }

  #compare(): void {
    const engine = this.#engine;
    for (const name of NAMES) {
      const session = engine.findShared(bytes(name));
      const expected = this.#keys.get(name);
      expect(session !== NO_SESSION).toBe(expected !== undefined);
      if (expected === undefined) continue;
      const data = new Map<string, string>();
      engine.data.peek(session, (key, value) => data.set(key.latin1(), value.latin1()));
      expect(data).toEqual(expected.data);
      expect(engine.isString(session)).toBe(expected.isString);
      expect(engine.isShared(session)).toBe(true);
      expect(engine.nameText(session)).toBe(name);
      expect(engine.timeLeft(session)).toBeCloseTo(expected.deadline - this.#clock.now(), 6);
      expect(engine.sessionsOf(bytes(name))).toEqual([session]);
    }
    expect(engine.size).toBe(this.#keys.size + (this.#rival === undefined ? 0 : 1));
  }
}

it('shared sessions without tokens, strings and names that change do what they should, whatever comes', () => {
  fc.assert(
    fc.property(operations, (sequence) => new Comparison().run(sequence)),
    { numRuns: 200 },
  );
});
