import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Saves } from '../../src/durability/saves.js';
import { type Extend, type Session, SessionEngine, systemClock } from '../../src/engine/index.js';
import { Slice } from '../../src/slice.js';
import { temporaryDirectory } from '../journal/temporary-directory.js';

const log = { notice() {}, warning() {} };
const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((array) => Slice.of(Buffer.from(array)));

const settings = fc.record({
  name: fc.uint8Array({ minLength: 1, maxLength: 3 }).map((array) => Slice.of(Buffer.from(array))),
  duration: fc.constantFrom(0, 1_000_000, 1_234_567),
  deleteSession: fc.boolean(),
  shared: fc.boolean(),
  /** A plain key: its token is derived when it is needed, and it may have a single value. */
  tokenless: fc.boolean(),
  isString: fc.boolean(),
  extend: fc.constantFrom<Extend>('none', 'get', 'set', 'both'),
  maxAgeMs: fc.constantFrom(0, 5_000_000),
  data: fc
    .uniqueArray(fc.tuple(bytes(4), fc.oneof(bytes(20), fc.constant(Slice.of('x'.repeat(600_000))))), {
      maxLength: 4,
      selector: ([key]) => key.latin1(),
    })
    .map((pairs) => pairs.flat()),
});

/** Returns everything visible of all sessions. */
function seen(engine: SessionEngine) {
  const sessions: unknown[] = [];
  engine.scan(0, 2 ** 27, (session: Session) => {
    const { created: _, timeLeft: __, ...info } = engine.info(session);
    const data = new Map<string, string>();
    engine.data.peek(session, (key, value) => data.set(key.latin1(), value.latin1()));
    const isString = engine.isString(session);
    sessions.push({ ...info, isString, token: engine.token(session), data });
  });
  return sessions;
}

it('sessions that are saved and loaded into another engine are the same there', async () => {
  const secret = Buffer.alloc(32);
  await fc.assert(
    fc.asyncProperty(fc.array(settings, { maxLength: 40 }), async (all) => {
      const directory = temporaryDirectory();
      const make = () => {
        const engine = new SessionEngine({ secret });
        return {
          engine,
          saves: new Saves({ directory, clock: systemClock, durability: undefined, log }, engine),
        };
      };
      const [from, to] = [make(), make()];
      for (const { name, ...chosen } of all) {
        const { shared, data } = chosen;
        const isString = shared && chosen.isString;
        const value = [Slice.of(''), data[1] ?? Slice.of('')];
        const given = { ...chosen, tokenless: shared && chosen.tokenless, isString, data: isString ? value : data };
        if (!given.shared || from.engine.sessionsOf(name).every((session) => !from.engine.isShared(session))) {
          from.engine.create(name, given);
        }
      }
      const saved = await from.saves.save('all');
      const loaded = await to.saves.load('all');
      expect(seen(to.engine)).toEqual(seen(from.engine));
      expect(loaded).toEqual({ sessions: saved.sessions, keys: saved.keys, skipped: 0, ended: 0 });
      expect(await to.saves.load('all')).toEqual({ sessions: 0, keys: 0, skipped: saved.sessions, ended: 0 });
      from.engine.close();
      to.engine.close();
    }),
    { numRuns: 15 },
  );
});
