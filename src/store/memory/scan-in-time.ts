import type { Clock } from '../../engine/index.js';

/** A call takes at most this many ms. The next one continues from its cursor. */
const MAX_MS = 2;
/**
 * How many sessions or names are visited between two readings of the clock. Matching the slowest pattern against the
 * longest name takes half a millisecond.
 */
const BATCH = 16;

/**
 * Scans from the cursor on, up to `count` and as time allows.
 * @param step Visits up to `count` from a cursor on, and returns the next cursor.
 * @returns The next cursor, 0 at the end.
 */
export function scanInTime(
  clock: Clock,
  { cursor, count }: { readonly cursor: number; readonly count: number },
  step: (cursor: number, count: number) => number,
): number {
  const until = clock.now() + MAX_MS;
  let next = cursor;
  for (let left = count; left > 0; left -= BATCH) {
    next = step(next, Math.min(left, BATCH));
    if (next === 0 || clock.now() >= until) break;
  }
  return next;
}
