import { NO_SESSION, type Session, type SessionEngine } from '../../engine/index.js';
import type { Slice } from '../../slice.js';

/** How many sessions are looked up between two readings of the clock. */
const BATCH = 64;

/**
 * Ends the sessions that `find` finds, in steps. Returns how many there were.
 * @param given Must stay valid until the work is done.
 * @param find Returns a live session or NO_SESSION.
 */
export function* endEach<Given extends Slice>(
  engine: SessionEngine,
  given: readonly Given[],
  find: (engine: SessionEngine, given: Given) => Session,
): Generator<void, number> {
  const end = engine.endingMany();
  let ended = 0;
  for (const [i, one] of given.entries()) {
    const session = find(engine, one);
    if (session !== NO_SESSION) {
      end(session);
      ended++;
    }
    if (i % BATCH === BATCH - 1) yield;
  }
  return ended;
}
