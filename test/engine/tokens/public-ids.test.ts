import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PublicIdSet, type Session, SessionEngine } from '../../../src/engine/index.js';
import { Slice } from '../../../src/slice.js';
import { FakeClock } from '../../fake-clock.js';

const SECRET = Buffer.alloc(32, 7);
const name = Slice.of('user:1');
const token = Slice.of('AAAAAAAAAAAAAAAAAAAAAA');

const start = (secret: Uint8Array = SECRET) => new SessionEngine({ clock: new FakeClock(), secret });

/** Ends sessions by id. Returns how many. */
function endById(engine: SessionEngine, of: Slice, ...ids: string[]): number {
  const set = new PublicIdSet();
  for (const id of ids) set.add(Slice.of(id));
  const steps = engine.endingById(of, set);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

describe('a public id', () => {
  it('is 11 characters, follows from the token and the secret, and is not a part of the token', () => {
    const id = (secret: Uint8Array) => {
      const engine = start(secret);
      return engine.id(engine.create(name, { token }));
    };
    expect(id(SECRET)).toMatch(/^[\w-]{11}$/);
    expect(id(SECRET)).toBe(id(SECRET));
    expect(id(SECRET)).not.toBe(id(Buffer.alloc(32, 8)));
    expect(id(SECRET)).not.toBe('AAAAAAAAAAA');
  });

  it('of a shared session follows from its name, whether or not somebody knows its token', () => {
    const engine = start();
    const tokenless = engine.create(name, { shared: 'tokenless' });
    const id = engine.id(tokenless);
    expect(engine.isTokenless(tokenless)).toBe(true);
    engine.token(tokenless);
    expect(engine.id(tokenless)).toBe(id);
    engine.end(tokenless);
    expect(engine.id(engine.create(name, { shared: true }))).toBe(id);
    engine.rename(engine.findShared(name), Slice.of('user:2'));
    expect(engine.id(engine.findShared(Slice.of('user:2')))).not.toBe(id);
  });

  it('stays the same when the session is rotated, and costs memory only then', () => {
    const engine = start();
    const session = engine.create(name);
    const id = engine.id(session);
    const { memory } = engine;
    const memoryOf = engine.memoryOf(session);
    expect(engine.keptId(session)).toBeUndefined();
    for (const grace of [0, 1000, 0]) {
      engine.rotate(session, grace);
      expect(engine.id(session)).toBe(id);
      expect(engine.keptId(session)).toBe(id);
    }
    expect(engine.memory).toBe(memory + 8);
    expect(engine.memoryOf(session)).toBe(memoryOf + 8);
    engine.end(session);
    // The slot is used again. The new session has its own id.
    const next = engine.create(name, { token });
    expect(next).toBe(session);
    const fresh = start();
    expect(engine.id(next)).toBe(fresh.id(fresh.create(name, { token })));
    expect(engine.memory).toBe(memory);
  });

  it('ends exactly the sessions of the name that have it', () => {
    const spec = fc.record({ mine: fc.boolean(), rotations: fc.nat({ max: 2 }), wanted: fc.boolean() });
    fc.assert(
      fc.property(fc.array(spec, { maxLength: 200, size: 'max' }), fc.nat({ max: 300 }), (specs, atOnce) => {
        const engine = new SessionEngine({ clock: new FakeClock(), secret: SECRET, endsAtOnce: atOnce });
        const all = specs.map(({ mine, rotations, wanted }) => {
          const session = engine.create(mine ? name : Slice.of('user:2'));
          for (let i = 0; i < rotations; i++) engine.rotate(session, i);
          return { mine, wanted, id: engine.id(session), token: engine.token(session) };
        });
        // All at once they are the same.
        const sessions = all.map((one) => engine.find(Slice.of(one.token)));
        expect(engine.ids(sessions)).toEqual(all.map(({ id }) => id));
        const wanted = all.filter((one) => one.wanted).map(({ id }) => id);
        const gone = all.filter((one) => one.wanted && one.mine);
        // Each twice, and some that are not ids.
        expect(endById(engine, name, ...wanted, ...wanted, '', 'x', '\xff'.repeat(11), 'AAAAAAAAAAB')).toBe(
          gone.length,
        );
        for (const one of all) {
          const session = engine.find(Slice.of(one.token)) as Session;
          expect(session >= 0).toBe(!gone.includes(one));
        }
        engine.close();
      }),
      { numRuns: 30 },
    );
  });
});
