import { describe, expect, it } from 'vitest';
import { type NewSession, NO_SESSION, SessionEngine, WRONG_TYPE } from '../../src/engine/index.js';
import { Slice } from '../../src/slice.js';
import { FakeClock } from '../fake-clock.js';
import { passTime } from '../pass-time.js';

const bytes = (text: string) => Slice.of(text);

/** An engine with a fake clock, and the events that its listener got, with the data at that moment. */
function setUp() {
  const clock = new FakeClock();
  const events: string[] = [];
  const changes: string[] = [];
  const dataOf = (session: Parameters<SessionEngine['end']>[0]) => {
    const data: string[] = [];
    engine.data.peek(session, (key, value) => data.push(`${key}=${value}`));
    return data;
  };
  const engine: SessionEngine = new SessionEngine({
    clock,
    listener: {
      onSession: (event, session, key) => {
        if (event === 'new') return;
        const about = key === undefined ? `[${dataOf(session)}]` : `${key}=${engine.data.peekValue(session, key)}`;
        events.push(`${event} ${engine.name(session)} ${about}`);
      },
      onKeysExpired: (session) => events.push(`left ${engine.name(session)} [${dataOf(session)}]`),
    },
  });
  const ignore = () => {};
  engine.listen({
    ...{ onCreated: ignore, onSet: ignore, onWritten: ignore, onEmptied: ignore, onChanged: ignore },
    ...{ onExtended: ignore, onRotated: ignore, onEnded: ignore, onEndedAll: ignore },
    onKeyDeadline: (_, key, deadline) => changes.push(`${key} due in ${deadline - clock.now()}`),
    onDeleted: (session, key) => changes.push(`${key} gone${engine.isDue(session) ? ' by itself' : ''}`),
  });
  const pairs = (data: Record<string, string>) => Object.entries(data).flatMap((pair) => pair.map(bytes));
  const create = (name: string, data: Record<string, string> = {}, settings: NewSession = {}) =>
    bytes(engine.token(engine.create(bytes(name), { ...settings, data: pairs(data) })));
  return {
    clock,
    engine,
    data: engine.data,
    create,
    find: (token: Slice) => engine.find(token),
    set: (token: Slice, data: Record<string, string>) => engine.data.set(engine.find(token), pairs(data)),
    setFor: (token: Slice, key: string, ms: number) => {
      const session = engine.find(token);
      return engine.data.setKeyDeadline(session, bytes(key), engine.now + ms);
    },
    left: (token: Slice, key: string) => engine.keyTimeLeft(engine.find(token), bytes(key)),
    keys: (token: Slice) => {
      const session = engine.find(token);
      return session === NO_SESSION ? undefined : dataOf(session);
    },
    take: () => events.splice(0),
    takeChanges: () => changes.splice(0),
  };
}

describe.each(passTime)('a key with a deadline, %s', (_, pass) => {
  it('is removed at that time, not before, and the rest of the session stays', () => {
    const { clock, create, setFor, left, keys, engine, take, takeChanges } = setUp();
    const token = create('user:1', { code: '1234', cart: 'pizza' }, { duration: 60_000 });
    expect(setFor(token, 'code', 5000)).toBe(true);
    expect(left(token, 'code')).toBe(5000);
    pass(clock, 4999);
    expect(keys(token)).toEqual(['code=1234', 'cart=pizza']);
    expect(left(token, 'code')).toBe(1);
    pass(clock, 1);
    expect(keys(token)).toEqual(['cart=pizza']);
    expect(left(token, 'code')).toBe(Infinity);
    expect(take()).toEqual(['keyexpired user:1 code=1234', 'left user:1 [cart=pizza]']);
    expect(takeChanges()).toEqual(['code due in 5000', 'code gone by itself']);
    expect(engine.stats()).toMatchObject({ keys: 1, keysExpired: 1, timedKeys: 0, sessionsWithTimedKeys: 0 });
    expect(engine.timeLeft(engine.find(token))).toBe(55_000);
  });

  it('is the last key: the session stays, but a key of Redis ends', () => {
    const { clock, engine, create, find, setFor, keys, take } = setUp();
    const token = create('user:1', { code: '1234' });
    engine.create(bytes('cart'), { shared: 'tokenless', data: [bytes('f'), bytes('v')] });
    engine.data.setKeyDeadline(engine.findShared(bytes('cart')), bytes('f'), engine.now + 100);
    pass(clock, 100);
    expect(engine.findShared(bytes('cart'))).toBe(NO_SESSION);
    expect(take()).toEqual(['keyexpired cart f=v', 'left cart []', 'ended cart []']);
    setFor(token, 'code', 100);
    pass(clock, 100);
    expect(find(token)).not.toBe(NO_SESSION);
    expect(keys(token)).toEqual([]);
    expect(take()).toEqual(['keyexpired user:1 code=1234', 'left user:1 []']);
    expect(engine.stats()).toMatchObject({ sessions: 1, keys: 0, timedKeys: 0, sessionsWithTimedKeys: 0 });
  });

  it('goes with the data of a session that is cleared, and a new key of that name has no deadline', () => {
    const { clock, create, set, setFor, left, keys } = setUp();
    const token = create('user:1', { code: '1234' }, { duration: 1000, deleteSession: false });
    setFor(token, 'code', 2000);
    pass(clock, 1000);
    expect(keys(token)).toEqual([]);
    set(token, { code: '5678' });
    expect(left(token, 'code')).toBe(Infinity);
    pass(clock, 999);
    expect(keys(token)).toEqual(['code=5678']);
  });
});

describe('the deadline of a key', () => {
  it('is dropped when the key is set, deleted, or cleared with the others, and kept when a part is written', () => {
    const { create, set, setFor, left, data, find } = setUp();
    const token = create('user:1', { a: '1', b: '1', c: '1', d: '1' });
    for (const key of ['a', 'b', 'c', 'd']) setFor(token, key, 5000);
    set(token, { a: '2' });
    expect(left(token, 'a')).toBe(Infinity);
    data.append(find(token), bytes('b'), bytes('2'));
    data.increment(find(token), bytes('b'), 1n);
    data.setKeeping(find(token), [bytes('c'), bytes('3')]);
    expect([left(token, 'b'), left(token, 'c')]).toEqual([5000, 5000]);
    data.delete(find(token), [bytes('d')]);
    set(token, { d: '2' });
    expect(left(token, 'd')).toBe(Infinity);
    data.replace(find(token), [bytes('b'), bytes('1')]);
    expect(left(token, 'b')).toBe(Infinity);
  });

  it('can be moved and removed, and only an existing key of a hash has one', () => {
    const { clock, create, setFor, left, keys, data, engine, takeChanges } = setUp();
    const token = create('user:1', { a: '1' });
    expect(setFor(token, 'b', 100)).toBe(false);
    setFor(token, 'a', 100);
    setFor(token, 'a', 5000);
    clock.advance(1000);
    setFor(token, 'a', 50);
    expect(left(token, 'a')).toBe(50);
    setFor(token, 'a', Infinity);
    setFor(token, 'a', Infinity);
    clock.advance(10_000);
    expect(keys(token)).toEqual(['a=1']);
    expect(takeChanges()).toEqual(['a due in 100', 'a due in 5000', 'a due in 50', 'a due in Infinity']);
    const text = engine.create(bytes('text'), { shared: true, string: bytes('') });
    expect(() => data.setKeyDeadline(text, bytes(''), engine.now + 1)).toThrow(WRONG_TYPE);
  });

  it('that has come removes the key at once', () => {
    const { create, setFor, keys, take, engine } = setUp();
    const token = create('user:1', { a: '1', b: '2' });
    expect(setFor(token, 'a', -100_000)).toBe(true);
    expect(take()).toEqual(['keyexpired user:1 a=1', 'left user:1 [b=2]']);
    expect(keys(token)).toEqual(['b=2']);
    expect(engine.lateness.takeWorst()).toBe(0);
  });

  it('that came before that of the session counts first, however late both are noticed', () => {
    const { clock, create, setFor, find, take, engine } = setUp();
    const token = create('user:1', { before: '1', same: '2', after: '3' }, { duration: 1000 });
    setFor(token, 'before', 999);
    setFor(token, 'same', 1000);
    setFor(token, 'after', 1001);
    clock.freeze(5000);
    expect(find(token)).toBe(NO_SESSION);
    expect(take()).toEqual([
      'keyexpired user:1 before=1',
      'keyexpired user:1 same=2',
      'left user:1 [after=3]',
      'expired user:1 [after=3]',
    ]);
    expect(engine.stats()).toMatchObject({ keys: 0, timedKeys: 0, sessionsWithTimedKeys: 0 });
  });

  it('is copied with the data', () => {
    const { clock, create, setFor, find, engine, keys } = setUp();
    const token = create('user:1', { a: '1', b: '2' });
    setFor(token, 'a', 100);
    const copy = bytes(engine.token(engine.create(bytes('copy'), { copyOf: find(token) })));
    setFor(token, 'a', Infinity);
    clock.freeze(100);
    expect([keys(token), keys(copy)]).toEqual([['a=1', 'b=2'], ['b=2']]);
  });

  it('does not come while the engine is held, and comes soon after', () => {
    const { clock, create, setFor, keys, engine } = setUp();
    const token = create('user:1', { a: '1' });
    setFor(token, 'a', 100);
    engine.hold();
    clock.advance(5000);
    expect(keys(token)).toEqual(['a=1']);
    engine.release();
    clock.advance(20);
    expect(engine.stats()).toMatchObject({ keys: 0, keysExpired: 1 });
  });

  it('that has come for all fields of a key leaves no duration to fields that are set next, however many were due', () => {
    const { clock, engine } = setUp();
    const many = Array.from({ length: 1000 }, (_, i) => bytes(`f${i}`));
    const name = bytes('cart');
    const data = many.flatMap((field) => [field, bytes('1')]);
    const key = engine.create(name, { shared: 'tokenless', duration: 60_000, data });
    for (const field of many) engine.data.setKeyDeadline(key, field, clock.now() + 100);
    clock.freeze(200);
    const found = engine.findShared(name);
    expect(engine.data.count(found)).toBe(0);
    engine.data.set(found, [bytes('a'), bytes('1')]);
    expect(engine.timeLeft(found)).toBe(Infinity);
    clock.advance(100_000);
    expect(engine.data.count(engine.findShared(name))).toBe(1);
  });

  it('that came before the engine was held has come: neither the key nor a session can be read', () => {
    const { clock, create, setFor, keys, engine } = setUp();
    const many = Array.from({ length: 1000 }, (_, i) => `k${i}`);
    const token = create('user:1', Object.fromEntries(many.map((key) => [key, '1'])));
    for (const key of many) setFor(token, key, 100);
    const short = create('user:2', {}, { duration: 100 });
    clock.freeze(200);
    expect(keys(token)).toEqual([]);
    engine.hold();
    expect(keys(token)).toEqual([]);
    expect(engine.find(short)).toBe(NO_SESSION);
    clock.advance(1000);
    expect(keys(token)).toEqual([]);
    engine.release();
    clock.advance(1000);
    expect(engine.stats()).toMatchObject({ keys: 0, keysExpired: 1000 });
  });

  it('that came before all sessions were ended is published when the session is removed', () => {
    const { clock, create, setFor, engine, take } = setUp();
    for (let i = 0; i < 300; i++) {
      const token = create(`user:${i}`, { early: '1', late: '2' });
      setFor(token, 'early', 100);
      setFor(token, 'late', 200);
    }
    clock.freeze(150);
    engine.endAll();
    clock.advance(1000);
    const events = take();
    expect(events).toHaveLength(900);
    for (let i = 0; i < 300; i++) {
      expect(events.filter((event) => event.includes(`user:${i} `))).toEqual([
        `keyexpired user:${i} early=1`,
        `left user:${i} [late=2]`,
        `ended user:${i} [late=2]`,
      ]);
    }
    expect(engine.stats()).toMatchObject({ sessions: 0, keys: 0, bytes: 0, timedKeys: 0 });
  });
});
