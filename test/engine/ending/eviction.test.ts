import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NameIndex } from '../../../src/engine/names/name-index.js';
import { NO_SESSION, SessionEngine, type SessionEvent } from '../../../src/index.js';
import { Slice } from '../../../src/slice.js';
import { FakeClock } from '../../fake-clock.js';

const bytes = (text: string) => Slice.of(text);

describe('makeRoom', () => {
  it('has nothing to do without a limit', () => {
    const engine = new SessionEngine({ clock: new FakeClock() });
    engine.create(bytes('x'));
    expect(engine.makeRoom()).toBe(true);
    expect(engine.size).toBe(1);
  });

  it('removes token, name and data, and notifies while they can still be read', () => {
    const told: string[] = [];
    const engine: SessionEngine = new SessionEngine({
      clock: new FakeClock(),
      listener: {
        onSession: (event: SessionEvent, session) =>
          event === 'evicted' && told.push(`${engine.name(session)} ${engine.data.count(session)}`),
      },
    });
    const session = engine.create(bytes('x'), { data: [bytes('k'), bytes('v')] });
    const token = Slice.of(engine.token(session));
    engine.rotate(session, 1000);
    engine.limitMemory(0, 'allsessions-lru');
    expect(engine.makeRoom()).toBe(true);
    expect(told).toEqual(['x 1']);
    expect(engine.find(token)).toBe(NO_SESSION);
    expect(engine.stats()).toMatchObject({ sessions: 0, keys: 0, names: 0, evicted: 1, ended: 0, pending: 0 });
    expect(engine.memory).toBe(0);
    expect(engine.makeRoom()).toBe(true);
  });

  it('frees removed data, however large, before it ends another session', () => {
    const engine = new SessionEngine({ clock: new FakeClock() });
    const large = Slice.of(Buffer.alloc(10_000_000));
    for (const name of ['a', 'b', 'c']) engine.create(bytes(name), { data: [bytes('k'), large] });
    engine.limitMemory(25_000_000, 'allsessions-lru');
    expect(engine.makeRoom()).toBe(true);
    // The clock stands still, so this was done in one slice.
    expect(engine.size).toBe(2);
    expect(engine.memory).toBeLessThan(25_000_000);
    const [session] = ['a', 'b', 'c'].flatMap((name) => engine.sessionsOf(bytes(name)));
    engine.end(session);
    expect(engine.memory).toBeGreaterThan(19_000_000);
    engine.limitMemory(12_000_000, 'allsessions-lru');
    expect(engine.makeRoom()).toBe(true);
    expect(engine.size).toBe(1);
    expect(engine.memory).toBeLessThan(12_000_000);
  });

  it('finds the few sessions that may be evicted among many that may not, or that have ended', () => {
    const engine = new SessionEngine({ clock: new FakeClock() });
    const many = Array.from({ length: 20_000 }, (_, i) =>
      engine.create(bytes(String(i)), i === 7777 ? { duration: 5 } : {}),
    );
    engine.limitMemory(0, 'volatile-ttl');
    expect(engine.makeRoom()).toBe(false);
    expect(engine.size).toBe(19_999);
    expect(engine.sessionsOf(bytes('7777'))).toEqual([]);
    for (const session of many) if (session !== 7777 && session !== 19_999) engine.end(session);
    engine.limitMemory(0, 'allsessions-lru');
    expect(engine.makeRoom()).toBe(true);
    expect(engine.size).toBe(0);
  });
});

describe('memory', () => {
  it('is counted exactly, whatever is done: what is freed was counted, and nothing else', () => {
    const key = fc.constantFrom('a', 'b', 'a long key of more than a few bytes');
    const value = fc.string({ maxLength: 40 });
    const act = fc.oneof(
      fc.record({ act: fc.constant('new' as const), name: fc.constantFrom('x', 'y', 'a longer name'), value }),
      fc.record({
        act: fc.constantFrom('set' as const, 'append' as const, 'delete' as const, 'expire' as const),
        at: fc.nat(),
        key,
        value,
      }),
      fc.record({ act: fc.constantFrom('clear' as const, 'end' as const, 'rotate' as const), at: fc.nat() }),
    );
    fc.assert(
      fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
        const engine = new SessionEngine({ clock: new FakeClock() });
        const live = () => {
          const sessions: ReturnType<SessionEngine['create']>[] = [];
          engine.scan(0, Infinity, (session) => sessions.push(session));
          return sessions;
        };
        for (const step of acts) {
          if (step.act === 'new') {
            engine.create(bytes(step.name), { data: [bytes('k'), bytes(step.value)] });
            continue;
          }
          const sessions = live();
          if (sessions.length === 0) continue;
          const session = sessions[step.at % sessions.length];
          if (step.act === 'set') engine.data.set(session, [bytes(step.key), bytes(step.value)]);
          else if (step.act === 'append') engine.data.append(session, bytes(step.key), bytes(step.value));
          else if (step.act === 'delete') engine.data.delete(session, [bytes(step.key)]);
          else if (step.act === 'expire') {
            // Some at once, some never.
            const deadline = engine.now + (step.value.length % 3 === 0 ? Infinity : step.value.length - 10);
            engine.data.setKeyDeadline(session, bytes(step.key), deadline);
          } else if (step.act === 'clear') engine.data.clear(session);
          else if (step.act === 'rotate') engine.rotate(session);
          else engine.end(session);
        }
        // A name counts once, however many sessions have it. Everything else counts per session.
        const names = new Set(live().map((session) => engine.nameText(session)));
        const ofNames = [...names].reduce((sum, name) => sum + NameIndex.bytesFor(name.length), 0);
        const ofSessions = live().reduce((sum, session) => sum + engine.memoryOf(session), 0);
        expect(engine.memory).toBe(ofNames + ofSessions);
        engine.endAll();
        expect(engine.memory).toBe(0);
      }),
    );
  });
});

describe('version', () => {
  it('changes with data, settings, token and end, but with nothing else', () => {
    const clock = new FakeClock();
    const engine = new SessionEngine({ clock });
    const session = engine.create(bytes('x'), {
      duration: 1000,
      extend: 'both',
      deleteSession: false,
      data: [bytes('k'), bytes('1')],
    });
    const changes = (act: () => void) => {
      const before = engine.version(session);
      act();
      return engine.version(session) !== before;
    };
    const k = bytes('k');
    expect(changes(() => engine.data.get(session, k))).toBe(false);
    expect(changes(() => engine.touch(session))).toBe(false);
    expect(changes(() => engine.info(session))).toBe(false);
    expect(changes(() => engine.data.add(session, [k, k]))).toBe(false);
    expect(changes(() => engine.data.increment(session, k, 1n))).toBe(true);
    expect(changes(() => engine.data.delete(session, [k]))).toBe(true);
    expect(changes(() => engine.setDuration(session, 500))).toBe(true);
    expect(changes(() => engine.rotate(session, 10))).toBe(true);
    expect(changes(() => clock.advance(600))).toBe(true);
    expect(changes(() => engine.end(session))).toBe(true);
    // Another session has taken the slot.
    expect(changes(() => engine.create(bytes('y')))).toBe(true);
  });
});
