import type { Scan } from '../commands/arguments/scan-arguments.js';
import type { Session } from '../engine/index.js';
import type { Context } from './context/context.js';

/** A call takes at most this many ms. The next one continues from its cursor. */
const MAX_MS = 2;
/**
 * How many sessions or names are visited between two readings of the clock. Matching the slowest pattern against the longest
 * name takes half a millisecond.
 */
const BATCH = 16;

type Range = Pick<Scan, 'cursor' | 'count'>;

/** Visits live sessions from the cursor on, up to `count` and as time allows. Returns the next cursor, 0 at the end. */
export function scanSessions(context: Context, range: Range, visit: (session: Session) => void): number {
  return scan(context, range, (cursor, count) => context.engine.scan(cursor, count, visit));
}

/**
 * Visits names that have sessions, each with its oldest session and the number of its sessions, from the cursor on, up
 * to `count` and as time allows. Returns the next cursor, 0 at the end.
 */
export function scanNames(context: Context, range: Range, visit: (oldest: Session, sessions: number) => void): number {
  return scan(context, range, (cursor, count) => context.engine.scanNames(cursor, count, visit));
}

function scan({ server }: Context, { cursor, count }: Range, step: (cursor: number, count: number) => number): number {
  const until = server.clock.now() + MAX_MS;
  let next = cursor;
  for (let left = count; left > 0; left -= BATCH) {
    next = step(next, Math.min(left, BATCH));
    if (next === 0 || server.clock.now() >= until) break;
  }
  return next;
}
