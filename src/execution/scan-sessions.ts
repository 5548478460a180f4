import type { Scan } from '../commands/arguments/scan-arguments.js';
import type { Session } from '../engine/index.js';
import type { Context } from './context/context.js';

/** A call takes at most this many ms. The next one continues from its cursor. */
const MAX_MS = 2;
/** How many sessions are visited between two readings of the clock. The slowest pattern takes half a millisecond for the longest name. */
const BATCH = 16;

/** Visits live sessions from the cursor on: at most `count`, and no more than there is time for. Returns the next cursor, 0 at the end. */
export function scanSessions(
  { engine, server }: Context,
  { cursor, count }: Pick<Scan, 'cursor' | 'count'>,
  visit: (session: Session) => void,
): number {
  const until = server.clock.now() + MAX_MS;
  let next = cursor;
  for (let left = count; left > 0; left -= BATCH) {
    next = engine.scan(next, Math.min(left, BATCH), visit);
    if (next === 0 || server.clock.now() >= until) break;
  }
  return next;
}
