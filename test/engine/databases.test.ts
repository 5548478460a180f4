import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_DATABASES } from '../../src/databases.js';
import { databaseOf, keyIn, keyNameIn, NO_SESSION, type Session, SessionEngine } from '../../src/engine/index.js';
import { Slice } from '../../src/slice.js';
import { FakeClock } from '../fake-clock.js';

describe('the name of a key', () => {
  it('leads back to its database and to the key, whatever bytes the key has', () => {
    const database = fc.integer({ min: 1, max: MAX_DATABASES - 1 });
    fc.assert(
      fc.property(database, fc.uint8Array({ maxLength: 40 }), (database, bytes) => {
        const name = keyNameIn(database, Slice.of(Buffer.from(bytes)));
        expect(databaseOf(name)).toBe(database);
        expect(keyIn(name, database).copy()).toEqual(Buffer.from(bytes));
      }),
    );
  });

  it.each([
    '',
    'k',
    '1:k',
    '\0',
    '\0k',
    '\0:k',
    '\x001',
    '\x001k:',
    '\x000:k',
    '\x0001:k',
    '\x00-1:k',
    `\0${MAX_DATABASES}:k`,
  ])('%j is a key of database 0', (name) => expect(databaseOf(Slice.of(name))).toBe(0));
});

const NAMES = ['k', 'l', '\x001:k', '\x001:l', '\x002:k', '\x00999:k', '\x00:k'];

/** What the databases hold, found by looking at every session. */
function expected(engine: SessionEngine): Map<number, Session[]> {
  const byDatabase = new Map<number, Session[]>();
  engine.scan(0, Number.MAX_SAFE_INTEGER, (session) => {
    const database = engine.isShared(session) ? databaseOf(engine.nameBytes(session)) : 0;
    byDatabase.set(database, [...(byDatabase.get(database) ?? []), session]);
  });
  return byDatabase;
}

function walked(engine: SessionEngine, database: number, count: number): Session[] {
  const sessions: Session[] = [];
  let cursor = 0;
  do cursor = engine.scanDatabase(database, cursor, count, (session) => sessions.push(session));
  while (cursor !== 0);
  return sessions;
}

it('every database has exactly the sessions whose names say so, whatever begins, ends or renames them', () => {
  const name = fc.constantFrom(...NAMES);
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ does: fc.constant('key' as const), name, duration: fc.constantFrom(0, 5) }) },
    { weight: 3, arbitrary: fc.record({ does: fc.constant('login' as const), name }) },
    { weight: 2, arbitrary: fc.record({ does: fc.constant('rename' as const), name, to: name }) },
    { weight: 2, arbitrary: fc.record({ does: fc.constant('end' as const), name }) },
    { weight: 2, arbitrary: fc.record({ does: fc.constant('endName' as const), name }) },
    { weight: 1, arbitrary: fc.record({ does: fc.constant('endMany' as const) }) },
    { weight: 1, arbitrary: fc.record({ does: fc.constant('endAll' as const) }) },
    { weight: 2, arbitrary: fc.record({ does: fc.constant('wait' as const), ms: fc.nat({ max: 10 }) }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40, size: 'max' }), (steps) => {
      const clock = new FakeClock();
      // Most sessions that end together are doomed first.
      const engine = new SessionEngine({ clock, endsAtOnce: 1 });
      const keyOf = (name: string) => engine.findShared(Slice.of(name));
      for (const step of steps) {
        switch (step.does) {
          case 'key':
            if (keyOf(step.name) !== NO_SESSION) break;
            engine.create(Slice.of(step.name), { shared: 'tokenless', string: Slice.of('v'), duration: step.duration });
            break;
          case 'login':
            engine.create(Slice.of(step.name));
            break;
          case 'rename':
            if (keyOf(step.name) !== NO_SESSION && keyOf(step.to) === NO_SESSION) {
              engine.rename(keyOf(step.name), Slice.of(step.to));
            }
            break;
          case 'end':
            if (keyOf(step.name) !== NO_SESSION) engine.end(keyOf(step.name));
            break;
          case 'endName':
            engine.endName(Slice.of(step.name));
            break;
          case 'endMany': {
            const end = engine.endingMany();
            engine.scan(0, 100, end);
            break;
          }
          case 'endAll':
            engine.endAll();
            break;
          case 'wait':
            clock.advance(step.ms);
        }
        const there = expected(engine);
        expect(engine.databases).toEqual([...there.keys()].filter((database) => database > 0).sort((a, b) => a - b));
        for (const database of [0, 1, 2, 999]) {
          const sessions = there.get(database) ?? [];
          expect(engine.sizeOf(database)).toBe(sessions.length);
          expect(walked(engine, database, 2)).toEqual(sessions);
          if (database === 0) continue;
          const placed = sessions.map((_, rank) => engine.placeOf(database, rank));
          expect(placed).toEqual(sessions);
        }
      }
    }),
    { numRuns: 25 },
  );
});
