import { describe, expect, it, vi } from 'vitest';
import { type NewSession, NO_SESSION, SessionEngine, type SessionEvent } from '../../src/engine/index.js';
import { Slice } from '../../src/slice.js';
import { FakeClock } from '../fake-clock.js';
import { passTime } from '../pass-time.js';

const bytes = (text: string) => Slice.of(text);

/** An engine with a fake clock, and the events that its listener got. */
function setUp() {
  const clock = new FakeClock();
  const events: string[] = [];
  const engine: SessionEngine = new SessionEngine({
    clock,
    secret: Buffer.from('0123456789abcdef'),
    listener: {
      onSession: (event: SessionEvent, session) => {
        const data: string[] = [];
        engine.data.forEachKey(session, (key) => data.push(String(key)));
        events.push(`${event} ${engine.name(session)} [${data}]`);
      },
    },
  });
  const create = (name: string, settings: NewSession = {}) => bytes(engine.token(engine.create(bytes(name), settings)));
  return {
    clock,
    engine,
    create,
    take: () => events.splice(0),
    exists: (token: Slice) => engine.find(token) !== NO_SESSION,
    get: (token: Slice, key: string) => engine.data.get(engine.find(token), bytes(key))?.toString(),
    set: (token: Slice, key: string, value: string) => engine.data.set(engine.find(token), [bytes(key), bytes(value)]),
    left: (token: Slice) => engine.timeLeft(engine.find(token)),
    count: (token: Slice) => engine.data.count(engine.find(token)),
  };
}

describe.each(passTime)('rules of a session, %s', (_, pass) => {
  it('rule 1: a session sees no key of another session, not even of one with the same name', () => {
    const { create, set, get } = setUp();
    const [one, other] = [create('user:1'), create('user:1')];
    set(one, 'key', 'value');
    expect(get(other, 'key')).toBeUndefined();
    expect(get(one, 'key')).toBe('value');
  });

  it('rule 2: a session and its data are removed at its deadline, not before', () => {
    const { clock, create, set, get, exists, engine } = setUp();
    const token = create('user:1', { duration: 5000 });
    set(token, 'key', 'value');
    pass(clock, 4999);
    expect(get(token, 'key')).toBe('value');
    pass(clock, 1);
    expect(exists(token)).toBe(false);
    expect(engine.stats()).toMatchObject({ sessions: 0, keys: 0, bytes: 0, names: 0, expired: 1 });
  });

  it('rules 2 and 3: without deleteSession only the data is removed, and the next write starts a full duration', () => {
    const { clock, create, set, get, exists, left, count, take } = setUp();
    const token = create('user:1', { duration: 5000, deleteSession: false });
    set(token, 'key', 'old');
    pass(clock, 5000);
    expect(exists(token)).toBe(true);
    expect(count(token)).toBe(0);
    expect(left(token)).toBe(Infinity);
    expect(take()).toEqual(['new user:1 []', 'cleared user:1 [key]']);
    pass(clock, 100_000);
    set(token, 'key', 'new');
    expect(left(token)).toBe(5000);
    pass(clock, 4999);
    expect(get(token, 'key')).toBe('new');
    pass(clock, 1);
    expect(get(token, 'key')).toBeUndefined();
    expect(take()).toEqual(['cleared user:1 [key]']);
  });

  it('rule 3: a read, or a write that changes nothing, does not start the duration of a cleared session', () => {
    const { clock, create, engine, get, left } = setUp();
    const token = create('user:1', {
      duration: 5000,
      deleteSession: false,
      extend: 'both',
      data: [bytes('a'), bytes('b')],
    });
    pass(clock, 5000);
    expect(get(token, 'a')).toBeUndefined();
    engine.data.delete(engine.find(token), [bytes('a')]);
    engine.data.clear(engine.find(token));
    expect(engine.touch(engine.find(token))).toBe(false);
    expect(left(token)).toBe(Infinity);
  });

  it('rule 4: a session that is due is not visible anywhere, and its event comes when a look-up meets it', () => {
    const { clock, create, engine, exists, take } = setUp();
    const names = ['find', 'open', 'create', 'sessionsOf', 'scan', 'endFew'];
    for (const name of names) create(name, { duration: 1000, shared: true });
    pass(clock, 1000);
    expect(exists(create('find'))).toBe(true);
    expect(() => engine.open(bytes('open'))).toThrow('no such session');
    create('create', { shared: true });
    expect(engine.sessionsOf(bytes('sessionsOf'))).toEqual([]);
    expect(engine.endFew(bytes('endFew'))).toBe(0);
    const scanned: string[] = [];
    engine.scan(0, 100, (session) => scanned.push(engine.name(session).toString()));
    expect(scanned.sort()).toEqual(['create', 'find']);
    expect(
      take()
        .filter((event) => event.startsWith('expired'))
        .sort(),
    ).toEqual(names.map((name) => `expired ${name} []`).sort());
  });

  it.each([
    ['none', false, false],
    ['get', true, false],
    ['set', false, true],
    ['both', true, true],
  ] as const)('rule 5: EXTEND %s', (extend, byReads, byWrites) => {
    const { clock, create, engine } = setUp();
    const key = bytes('key');
    const reads = {
      get: (session: never) => engine.data.get(session, key),
      getMany: (session: never) => engine.data.getMany(session, [key], () => {}),
      forEach: (session: never) => engine.data.forEach(session, () => {}),
    };
    const writes = {
      set: (session: never) => engine.data.set(session, [key, key]),
      add: (session: never) => engine.data.add(session, [bytes('other'), key]),
      compareAndSet: (session: never) => engine.data.compareAndSet(session, key, bytes('1'), key),
      increment: (session: never) => engine.data.increment(session, key, 1n),
      append: (session: never) => engine.data.append(session, key, key),
      delete: (session: never) => engine.data.delete(session, [key]),
      clear: (session: never) => engine.data.clear(session),
      replace: (session: never) => engine.data.replace(session, [key, key]),
    };
    const looks = {
      has: (session: never) => engine.data.has(session, key),
      count: (session: never) => engine.data.count(session),
      forEachKey: (session: never) => engine.data.forEachKey(session, () => {}),
      info: (session: never) => engine.info(session),
      timeLeft: (session: never) => engine.timeLeft(session),
      token: (session: never) => engine.token(session),
    };
    const check = (acts: Record<string, (session: never) => unknown>, extended: boolean) => {
      for (const [name, act] of Object.entries(acts)) {
        const token = create('user:1', { duration: 5000, extend, data: [key, bytes('1')] });
        pass(clock, 3000);
        act(engine.find(token) as never);
        expect([name, engine.timeLeft(engine.find(token))]).toEqual([name, extended ? 5000 : 2000]);
        pass(clock, 4999);
        expect([name, engine.find(token) !== NO_SESSION]).toEqual([name, extended]);
        pass(clock, 1);
        expect(engine.find(token)).toBe(NO_SESSION);
      }
    };
    check(reads, byReads);
    check(writes, byWrites);
    check(looks, false);
  });

  it('rule 6: MAXAGE ends a session, however often it is extended and whatever deleteSession is', () => {
    const { clock, create, get, exists, left, take } = setUp();
    const token = create('user:1', { duration: 4000, deleteSession: false, extend: 'get', maxAgeMs: 10_000 });
    for (let second = 0; second < 9; second++) {
      pass(clock, 1000);
      get(token, 'key');
    }
    expect(left(token)).toBe(1000);
    pass(clock, 999);
    expect(exists(token)).toBe(true);
    take();
    pass(clock, 1);
    expect(exists(token)).toBe(false);
    expect(take()).toEqual(['maxage user:1 []']);
  });

  it('rule 6: MAXAGE applies to a session without a duration, and to one that was cleared', () => {
    const { clock, create, exists, left, take } = setUp();
    const forever = create('forever', { maxAgeMs: 10_000 });
    const cleared = create('cleared', { duration: 4000, deleteSession: false, maxAgeMs: 10_000 });
    pass(clock, 4000);
    expect(exists(cleared)).toBe(true);
    expect(left(cleared)).toBe(6000);
    expect(left(forever)).toBe(6000);
    take();
    pass(clock, 6000);
    expect([exists(forever), exists(cleared)]).toEqual([false, false]);
    expect(take().sort()).toEqual(['maxage cleared []', 'maxage forever []']);
  });

  it('rule 6: if both deadlines passed unnoticed, both events are published, in order', () => {
    const { clock, create, exists, take } = setUp();
    const token = create('user:1', {
      duration: 4000,
      deleteSession: false,
      maxAgeMs: 10_000,
      data: [bytes('a'), bytes('b')],
    });
    take();
    pass(clock, 20_000);
    expect(exists(token)).toBe(false);
    expect(take()).toEqual(['cleared user:1 [a]', 'maxage user:1 []']);
  });

  it('rule 7: END removes session and data, whatever the settings', () => {
    const { create, engine, exists, take } = setUp();
    const token = create('user:1', { duration: 4000, deleteSession: false, data: [bytes('a'), bytes('b')] });
    engine.end(engine.find(token));
    expect(exists(token)).toBe(false);
    expect(engine.stats()).toMatchObject({ sessions: 0, keys: 0, bytes: 0, ended: 1, pending: 0 });
    expect(take()).toEqual(['new user:1 [a]', 'ended user:1 [a]']);
  });

  it('rule 10: setting the wall clock neither ends nor lengthens a session', () => {
    const { clock, create, left } = setUp();
    const token = create('user:1', { duration: 60_000 });
    clock.setWall(0);
    pass(clock, 1000);
    expect(left(token)).toBe(59_000);
    clock.setWall(Date.UTC(2100, 0, 1));
    pass(clock, 1000);
    expect(left(token)).toBe(58_000);
  });

  it('setDuration starts a new duration now; 0 stops it', () => {
    const { clock, create, engine, exists, left } = setUp();
    const token = create('user:1', { duration: 5000 });
    engine.setDuration(engine.find(token), 1000);
    expect(left(token)).toBe(1000);
    engine.setDuration(engine.find(token), 0);
    expect(left(token)).toBe(Infinity);
    pass(clock, 1e9);
    expect(exists(token)).toBe(true);
    engine.setDuration(engine.find(token), 1, false);
    pass(clock, 1);
    expect(exists(token)).toBe(true);
    engine.setDuration(engine.find(token), 1, true);
    pass(clock, 1);
    expect(exists(token)).toBe(false);
  });

  it('rotate: the old token stops at once, or when its grace period ends', () => {
    const { clock, create, engine, exists, set, get } = setUp();
    const first = create('user:1', { duration: 60_000 });
    set(first, 'key', 'value');
    engine.rotate(engine.find(first));
    expect(exists(first)).toBe(false);

    const [session] = engine.sessionsOf(bytes('user:1'));
    const second = bytes(engine.token(session));
    expect(get(second, 'key')).toBe('value');
    engine.rotate(engine.find(second), 1000);
    set(second, 'key', 'through the old token');
    const third = bytes(engine.token(engine.sessionsOf(bytes('user:1'))[0]));
    expect(get(third, 'key')).toBe('through the old token');
    pass(clock, 999);
    expect(exists(second)).toBe(true);
    pass(clock, 1);
    expect([exists(second), exists(third)]).toEqual([false, true]);
    expect(engine.stats()).toMatchObject({ sessions: 1, created: 1, expired: 0 });
  });

  it('rotate: old tokens stop with the session, and with the next rotation without grace', () => {
    const { clock, create, engine, exists } = setUp();
    const one = create('user:1', { duration: 5000 });
    engine.rotate(engine.find(one), 60_000);
    const two = bytes(engine.token(engine.find(one)));
    engine.rotate(engine.find(one), 30_000);
    const three = bytes(engine.token(engine.find(two)));
    expect([one, two, three].map(exists)).toEqual([true, true, true]);
    pass(clock, 5000);
    expect([one, two, three].map(exists)).toEqual([false, false, false]);
    expect(engine.stats().pending).toBe(0);

    const four = create('user:1');
    engine.rotate(engine.find(four), 60_000);
    engine.rotate(engine.find(four));
    expect(exists(four)).toBe(false);
    expect(engine.size).toBe(1);
    expect(engine.stats().pending).toBe(0);
  });

  it('rotate: each old token stops at its own time, in any order, and leaves nothing behind', () => {
    const { clock, create, engine, exists } = setUp();
    const first = create('user:1');
    const graces = [3000, 1000, 2000, 500];
    const tokens = [first];
    for (const grace of graces) {
      const session = engine.find(first);
      engine.rotate(session, grace);
      tokens.push(bytes(engine.token(session)));
    }
    for (const now of [500, 1000, 2000, 3000]) {
      pass(clock, now === 500 || now === 1000 ? 500 : 1000);
      expect(tokens.map(exists)).toEqual([...graces.map((grace) => grace > now), true]);
    }
    engine.end(engine.find(tokens[4]));
    expect(engine.stats()).toMatchObject({ sessions: 0, pending: 0 });
    const others = [create('a'), create('b'), create('c'), create('d'), create('e'), create('f')];
    expect(others.map(exists)).toEqual(others.map(() => true));
  });

  it('LIMIT ends the oldest sessions, and does not count those that are due', () => {
    const { clock, create, exists, take } = setUp();
    const oldest = create('user:1');
    const due = create('user:1', { duration: 1000 });
    const young = create('user:1');
    pass(clock, 1000);
    take();
    const newest = create('user:1', { limit: 3 });
    expect([oldest, due, young, newest].map(exists)).toEqual([true, false, true, true]);
    const last = create('user:1', { limit: 1 });
    expect([oldest, young, newest, last].map(exists)).toEqual([false, false, false, true]);
    expect(take().filter((event) => event.startsWith('limit'))).toHaveLength(3);
  });
});

describe('SessionEngine', () => {
  it('shared: derives one token per name and secret, and refuses a second session', () => {
    const { create, engine, exists } = setUp();
    const token = create('defaults', { shared: true });
    expect(() => create('defaults', { shared: true })).toThrow('a shared session with this name already exists');
    expect(engine.token(engine.open(bytes('defaults')))).toBe(token.toString());
    engine.end(engine.find(token));
    expect(exists(token)).toBe(false);
    expect(create('defaults', { shared: true })).toEqual(token);
    expect(setUp().create('defaults', { shared: true })).toEqual(token);
    const other = new SessionEngine({ secret: Buffer.from('another secret!!') });
    expect(other.token(other.create(bytes('defaults'), { shared: true }))).not.toBe(token.toString());
    other.close();
    expect(() => engine.rotate(engine.find(token))).toThrow('cannot be rotated');
  });

  it('open: distinguishes an unshared session from no session', () => {
    const { create, engine } = setUp();
    expect(() => engine.open(bytes('basket'))).toThrow(expect.objectContaining({ code: 'NOSESSION' }));
    create('basket');
    expect(() => engine.open(bytes('basket'))).toThrow(expect.objectContaining({ code: 'NOTSHARED' }));
    create('basket', { shared: true });
    expect(engine.info(engine.open(bytes('basket')))).toMatchObject({ shared: true });
  });

  it('open: forgets a shared session that has ended, though other sessions have its name', () => {
    const { create, engine } = setUp();
    const shared = create('basket', { shared: true });
    const unshared = create('basket');
    engine.end(engine.find(shared));
    expect(() => engine.open(bytes('basket'))).toThrow(expect.objectContaining({ code: 'NOTSHARED' }));
    engine.end(engine.find(unshared));
    expect(() => engine.open(bytes('basket'))).toThrow(expect.objectContaining({ code: 'NOSESSION' }));
  });

  it('accepts a token from the caller, and refuses one that is in use or malformed', () => {
    const { create, engine } = setUp();
    const token = bytes('AAECAwQFBgcICQoLDA0ODw');
    expect(create('user:1', { token })).toEqual(token);
    expect(() => create('user:2', { token })).toThrow('a session with this token already exists');
    engine.rotate(engine.find(token), 1000);
    expect(() => create('user:2', { token })).toThrow('a session with this token already exists');
    // The last character has four bits that are not part of the token.
    for (const wrong of ['', 'short', 'AAECAwQFBgcICQoLDA0ODx', 'AAECAwQFBgcICQoLDA0OD=', 'AAECAwQFBgcICQoLDA0ODwA']) {
      expect(() => create('user:2', { token: bytes(wrong) })).toThrow(
        'a token must be 128 bits in base64url: 22 characters',
      );
    }
  });

  it.each([
    [{ duration: -1 }],
    [{ duration: Number.NaN }],
    [{ duration: Infinity }],
    [{ duration: 2 ** 52 + 1 }],
    [{ maxAgeMs: -1 }],
    [{ maxAgeMs: 2 ** 31 * 1000 }],
    [{ maxAgeMs: 1500 }],
    [{ limit: 0 }],
  ])('refuses the setting %j and creates nothing', (settings) => {
    const { create, engine } = setUp();
    expect(() => create('user:1', settings)).toThrow(RangeError);
    expect(engine.size).toBe(0);
    const token = create('user:1', { duration: 1000 });
    expect(() => engine.setDuration(engine.find(token), -1)).toThrow(RangeError);
    expect(engine.timeLeft(engine.find(token))).toBe(1000);
  });

  it('sleeps while nothing is due, and stops when it is closed', () => {
    const { clock, create, engine } = setUp();
    expect(clock.waiting).toBe(0);
    create('user:1', { duration: 600_000 });
    clock.advance(599_000);
    expect(clock.called).toBe(0);
    clock.advance(1000);
    expect(clock.called).toBe(1);
    // It frees what that session has left, and then sleeps.
    clock.advance(600_000);
    expect(clock.waiting).toBe(0);
    engine.end(engine.find(create('user:1', { duration: 1000 })));
    create('user:1', { duration: 1000 });
    engine.close();
    expect(clock.waiting).toBe(0);
  });

  it('expires nothing by itself once it is closed', () => {
    const { clock, create, engine, exists } = setUp();
    engine.close();
    const token = create('user:1', { duration: 1000 });
    clock.advance(1000);
    expect(clock.called).toBe(0);
    expect(engine.size).toBe(1);
    expect(exists(token)).toBe(false);
  });

  it('wakes for a deadline that comes before the one it sleeps for', () => {
    const { clock, create, engine } = setUp();
    create('late', { duration: 60_000 });
    create('soon', { duration: 1000 });
    clock.advance(1000);
    expect(engine.stats()).toMatchObject({ sessions: 1, expired: 1 });
  });

  it('expires many sessions that are due at once in slices, and none of them is visible meanwhile', () => {
    const { clock, create, engine, exists } = setUp();
    const tokens = Array.from({ length: 5000 }, () => create('user:1', { duration: 1000 }));
    clock.freeze(1010);
    clock.msPerLook = 0.01;
    expect(clock.step()).toBe(true);
    const left = engine.size;
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThan(5000);
    expect(tokens.slice(-10).some(exists)).toBe(false);
    let slices = 1;
    while (clock.step()) slices++;
    expect(slices).toBeGreaterThan(10);
    expect(engine.stats()).toMatchObject({ sessions: 0, expired: 5000, pending: 0 });
  });

  it('expires sessions with much data one by one', () => {
    const { clock, create, engine, take } = setUp();
    const data = [bytes('key'), bytes('x'.repeat(10_000))];
    for (let i = 0; i < 20; i++) create('large', { duration: 1000, data });
    for (let i = 0; i < 60; i++) create('small', { duration: 1000 });
    take();
    clock.freeze(1010);
    // Each look at the clock ends a slice.
    clock.msPerLook = 1;
    const slices: number[] = [];
    while (engine.size > 0 && clock.step()) slices.push(take().filter((event) => event.includes('large')).length);
    expect(slices.filter((large) => large > 0)).toEqual(Array.from({ length: 20 }, () => 1));
    expect(slices.length).toBeLessThan(25);
  });

  it('measures how late expiries were', () => {
    const { clock, create, engine, exists } = setUp();
    const token = create('user:1', { duration: 1000 });
    clock.freeze(1234);
    exists(token);
    expect(engine.stats().lateP99).toBe(234);
    expect(engine.lateness.total()).toEqual({ count: 1, p50: 234, p99: 234, max: 234 });
  });

  it('shows the lateness of the last five minutes beside that of its whole life', () => {
    const { clock, create, engine, exists } = setUp();
    const token = create('user:1', { duration: 1000 });
    clock.freeze(1234);
    exists(token);
    clock.freeze(6 * 60_000);
    expect(engine.stats().lateP99).toBe(0);
    expect(engine.lateness.total().p99).toBe(234);
  });

  it('counts rotations', () => {
    const { create, engine } = setUp();
    engine.rotate(engine.find(create('user:1')));
    expect(engine.stats().rotated).toBe(1);
  });

  it('endAll ends every session and counts them', () => {
    const { create, engine } = setUp();
    for (const name of ['a', 'a', 'b']) create(name);
    engine.rotate(engine.sessionsOf(bytes('b'))[0], 1000);
    expect(engine.endAll()).toBe(3);
    expect(engine.stats()).toMatchObject({ sessions: 0, names: 0, ended: 3, pending: 0 });
    expect(engine.endAll()).toBe(0);
  });

  it('scan visits each session once while others come and go', () => {
    const { create, engine } = setUp();
    const stay = Array.from({ length: 50 }, (_, i) => create(`stay:${i}`));
    const go = Array.from({ length: 50 }, (_, i) => create(`go:${i}`));
    const seen: string[] = [];
    let cursor = 0;
    do {
      cursor = engine.scan(cursor, 7, (session) => seen.push(engine.token(session)));
      const gone = go.pop();
      if (gone !== undefined) engine.end(engine.find(gone));
      create('new');
    } while (cursor !== 0);
    for (const token of stay) expect(seen.filter((other) => other === token.toString())).toHaveLength(1);
  });

  it.each(['onFault', 'emitWarning'])('is not disturbed by a listener that throws, and reports to %s', (told) => {
    const clock = new FakeClock();
    const onFault = vi.fn();
    const emitWarning = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const engine = new SessionEngine({
      clock,
      listener: {
        onSession: () => {
          throw new Error('mine');
        },
      },
      ...(told === 'onFault' && { onFault }),
    });
    for (let i = 0; i < 3; i++) engine.create(bytes('due'), { duration: 1000, deleteSession: i > 0 });
    clock.advance(1000);
    expect(engine.stats()).toMatchObject({ expired: 2, cleared: 1, pending: 0 });
    expect(engine.endAll()).toBe(1);
    const calls = Array.from({ length: 7 }, () => [new Error('mine')]);
    expect([onFault.mock.calls, emitWarning.mock.calls]).toEqual(told === 'onFault' ? [calls, []] : [[], calls]);
    emitWarning.mockRestore();
  });
});

describe('ending very many sessions', () => {
  /** An engine that removes none of them while `isBehind` is true. */
  function setUpBehind() {
    const clock = new FakeClock();
    const events: string[] = [];
    const state = { isBehind: true };
    const engine: SessionEngine = new SessionEngine({
      clock,
      endsAtOnce: 0,
      listener: {
        onSession: (event, session) => events.push(`${event} ${engine.name(session)}`),
        isBehind: () => state.isBehind,
      },
    });
    return { clock, engine, events, state };
  }

  it('leaves nothing behind if the grace period of an old token ends before they are removed', () => {
    const { clock, engine, state } = setUpBehind();
    const session = engine.create(bytes('x'), { duration: 60_000 });
    engine.rotate(session, 1000);
    expect(engine.endFew(bytes('x'))).toBe(1);
    expect(engine.stats()).toMatchObject({ sessions: 0, names: 0, pending: 0 });
    clock.advance(2000);
    expect(engine.stats()).toMatchObject({ sessions: 0, names: 0, pending: 0 });
    state.isBehind = false;
    clock.advance(10);
    expect(engine.doomed).toBe(0);
    expect(engine.stats()).toMatchObject({ sessions: 0, names: 0, pending: 0 });
  });

  it('publishes the end of a shared session before another one with its name is created', () => {
    const { engine, events } = setUpBehind();
    engine.create(bytes('x'), { shared: 'tokenless' });
    engine.create(bytes('x'));
    expect(engine.endFew(bytes('x'))).toBe(2);
    engine.create(bytes('x'), { shared: 'tokenless' });
    expect(events).toEqual(['new x', 'new x', 'ended x', 'new x']);
  });

  it('ends the sessions of a name in steps if there are many, and spares those created meanwhile', () => {
    const engine = new SessionEngine({ endsAtOnce: 100 });
    for (let i = 0; i < 150; i++) engine.create(bytes('x'));
    expect(engine.endFew(bytes('x'))).toBeUndefined();
    expect(engine.countOf(bytes('x'))).toBe(150);
    const steps = engine.endingName(bytes('x'));
    expect(steps.next()).toEqual({ done: false, value: undefined });
    expect(engine.countOf(bytes('x'))).toBe(150 - 64);
    const spared = engine.create(bytes('x'));
    expect(steps.next().done).toBe(false);
    expect(steps.next()).toEqual({ done: true, value: 150 });
    expect(engine.sessionsOf(bytes('x'))).toEqual([spared]);
    expect(engine.endFew(bytes('x'))).toBe(1);
    for (let i = 0; i < 150; i++) engine.create(bytes('x'));
    expect(engine.endName(bytes('x'))).toBe(150);
    expect(engine.sessionsOf(bytes('x'))).toEqual([]);
    engine.close();
  });

  it('ends none beyond a limit in steps in place of one that is due', () => {
    const clock = new FakeClock();
    const engine = new SessionEngine({ clock, endsAtOnce: 0 });
    const kept = Array.from({ length: 30 }, () => engine.create(bytes('x')));
    for (let i = 0; i < 700; i++) engine.create(bytes('x'), { duration: 1000, deleteSession: true });
    clock.freeze(1500);
    for (const _ of engine.limiting(bytes('x'), 40));
    expect(engine.sessionsOf(bytes('x'))).toEqual(kept);
    engine.close();
  });

  it('ends sessions of several names in turn', () => {
    const { clock, engine, events, state } = setUpBehind();
    const sessions = Array.from({ length: 100 }, (_, i) => engine.create(bytes(`name ${i % 3}`)));
    const end = engine.endingMany();
    for (const session of sessions.slice(0, 90)) end(session);
    expect(engine.stats()).toMatchObject({ sessions: 10, names: 3 });
    expect(engine.sessionsOf(bytes('name 0'))).toHaveLength(4);
    state.isBehind = false;
    clock.advance(10);
    expect(engine.stats()).toMatchObject({ sessions: 10, names: 3, ended: 90 });
    expect(events.filter((event) => event === 'ended name 1')).toHaveLength(30);
  });
});
