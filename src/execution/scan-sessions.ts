import type { Scan } from '../commands/arguments/scan-arguments.js';
import type { Session } from '../engine/index.js';
import type { Context } from './context/context.js';

/** A call takes at most this many ms. The next one continues from its cursor. */
const MAX_MS = 2;
/**
 * How many sessions are visited between two readings of the clock. Matching the slowest pattern against the longest
 * name takes half a millisecond.
 */
const BATCH = 16;

/** Visits live sessions from the cursor on, up to `count` and as time allows. Returns the next cursor, 0 at the end. */
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
