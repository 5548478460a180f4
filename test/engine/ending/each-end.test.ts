import { expect, it } from 'vitest';
import { type Session, SessionEngine, Slice } from '../../../src/engine/index.js';
import { FakeClock } from '../../fake-clock.js';

it('with recordsEachEnd, each end is recorded with its event, and until then the session is among those that are', () => {
  const calls: string[] = [];
  const engine = new SessionEngine({
    clock: new FakeClock(),
    recordsEachEnd: true,
    endsAtOnce: 2,
    listener: { onSession: (event, session) => calls.push(`${event} ${engine.nameText(session)}`) },
  });
  engine.listen({
    ...(Object.fromEntries(
      [
        'Created',
        'Set',
        'Written',
        'Deleted',
        'Emptied',
        'Changed',
        'Extended',
        'Rotated',
        'EndedAll',
        'KeyDeadline',
      ].map((name) => [`on${name}`, () => calls.push(name)]),
    ) as unknown as Parameters<SessionEngine['listen']>[0]),
    onEnded: (session) => calls.push(`end of ${engine.nameText(session)}`),
  });
  const create = (name: string) => engine.create(Slice.of(name), { data: [Slice.of('k'), Slice.of('v')] });
  const count = (scan: 'scan' | 'scanRecorded') => {
    const found: Session[] = [];
    engine[scan](0, 1000, (session) => found.push(session));
    return found.length;
  };

  for (const name of ['a', 'b', 'c', 'd', 'e']) create(name);
  calls.length = 0;
  expect(engine.endAll()).toBe(5);
  expect([count('scan'), count('scanRecorded'), calls.length]).toEqual([0, 5, 0]);
  for (const _ of engine.finishingEnds());
  expect(calls).toEqual(['a', 'b', 'c', 'd', 'e'].flatMap((name) => [`end of ${name}`, `ended ${name}`]));
  expect([engine.doomed, count('scanRecorded')]).toEqual([0, 0]);

  const sessions = ['a', 'b', 'c', 'd', 'e'].map(create);
  calls.length = 0;
  const end = engine.endingMany();
  for (const session of sessions) end(session);
  expect(calls).toHaveLength(10);
  expect(engine.doomed).toBe(0);
  engine.close();
});
