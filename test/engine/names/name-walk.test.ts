import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type NameWalk, type Place, type Session, SessionEngine } from '../../../src/engine/index.js';
import { Slice } from '../../../src/slice.js';
import { FakeClock } from '../../fake-clock.js';

const NAME = Slice.of('mine');
const OTHER = Slice.of('other');

/** What happens between the steps of a walk. */
const acts = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ act: fc.constant('step' as const), looks: fc.integer({ min: 1, max: 3 }) }) },
    // Ends the session at the walk's place, and some that follow it.
    {
      weight: 2,
      arbitrary: fc.record({ act: fc.constant('endNext' as const), count: fc.integer({ min: 1, max: 3 }) }),
    },
    { weight: 2, arbitrary: fc.record({ act: fc.constant('end' as const), which: fc.nat({ max: 30 }) }) },
    { weight: 3, arbitrary: fc.record({ act: fc.constant('create' as const), mine: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ act: fc.constant('time' as const), ms: fc.constantFrom(0, 5, 10) }) },
    { weight: 1, arbitrary: fc.record({ act: fc.constant('doomAll' as const) }) },
    // Continues with a new walk from the place of the old one, as a cursor does.
    { weight: 3, arbitrary: fc.record({ act: fc.constant('resume' as const) }) },
  ),
  { minLength: 5, maxLength: 60, size: 'max' },
);

describe('a walk through the sessions of a name', () => {
  it('visits every session that lives throughout exactly once, oldest first, and no other name or ended session', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 20 }), acts, (first, script) => {
        const clock = new FakeClock();
        const engine = new SessionEngine({ clock, endsAtOnce: 2 });
        /** Sessions are known by their tokens: a slot may be used again. */
        const live = new Set<string>();
        const create = (mine: boolean, duration = 0) => {
          const session = engine.create(mine ? NAME : OTHER, { duration });
          if (mine) live.add(engine.token(session));
          return session;
        };
        for (let i = 0; i < first; i++) create(true, i % 5 === 4 ? 10 : 0);
        const throughout = new Set(live);
        const settle = () => {
          for (const token of live) if (engine.find(Slice.of(token)) < 0) live.delete(token);
          for (const token of throughout) if (!live.has(token)) throughout.delete(token);
        };
        const visited: { token: string; created: number }[] = [];
        let walk: NameWalk = engine.walk(NAME);
        let isMore = true;
        const step = (looks: number) => {
          const here: Session[] = [];
          if (isMore) isMore = walk.step(looks, (session) => here.push(session) > 0);
          settle();
          for (const session of here) {
            const token = engine.token(session);
            expect(live).toContain(token);
            visited.push({ token, created: engine.created(session) });
          }
        };
        for (const act of script) {
          if (act.act === 'step') step(act.looks);
          else if (act.act === 'create') create(act.mine);
          else if (act.act === 'time') clock.freeze(act.ms);
          else if (act.act === 'doomAll') engine.endAll();
          else if (act.act === 'resume') {
            const place: Place = { ...walk.place };
            if (isMore) walk = engine.walk(NAME, place);
          } else if (act.act === 'end') {
            const sessions = engine.sessionsOf(NAME);
            if (sessions.length > 0) engine.end(sessions[act.which % sessions.length]);
          } else {
            const next = engine.sessionsOf(NAME).filter((session) => engine.created(session) >= walk.place.created);
            const end = engine.endingMany();
            for (const session of next.slice(0, act.count)) end(session);
          }
          settle();
        }
        while (isMore) step(2);
        const tokens = visited.map(({ token }) => token);
        expect(new Set(tokens).size).toBe(tokens.length);
        for (const token of throughout) expect(tokens).toContain(token);
        const times = visited.map(({ created }) => created);
        expect(times).toEqual([...times].sort((a, b) => a - b));
        engine.close();
      }),
      { numRuns: 150 },
    );
  });

  it('is not confused by a wall clock that was set back, if no session ends', () => {
    const clock = new FakeClock();
    const engine = new SessionEngine({ clock });
    const tokens = Array.from({ length: 6 }, (_, i) => {
      clock.setWall(Date.UTC(2030, 0, 1) - i * 10_000);
      return engine.token(engine.create(NAME));
    });
    const visited: string[] = [];
    for (let place: Place | undefined; ; ) {
      const walk = engine.walk(NAME, place);
      if (!walk.step(1, (session) => visited.push(engine.token(session)) > 0)) break;
      place = walk.place;
    }
    expect(visited).toEqual(tokens);
  });
});
