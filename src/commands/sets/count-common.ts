import { parseInt64 } from '../../engine/fields/int64.js';
import type { Session, SessionEngine } from '../../engine/index.js';
import { CodedError } from '../../errors.js';
import type { Arguments } from '../arguments/arguments.js';
import type { Argument } from '../declaration/command.js';
import { intersection } from './combination.js';

// What SINTERCARD and ZINTERCARD have in common.

export const LIMIT: Argument = { name: 'limit', type: 'integer', token: 'LIMIT', optional: true };

/** Reads the remaining arguments, `[LIMIT limit]`. Returns Infinity if there is no limit. */
export function readLimit(args: Arguments): number {
  let limit = 0n;
  while (args.left > 0) {
    args.choice('LIMIT');
    limit = parseInt64(args.slice()) ?? -1n;
    if (limit < 0n) throw new CodedError('ERR', "LIMIT can't be negative");
  }
  return limit === 0n ? Infinity : Number(limit);
}

/** Returns how many members sets or sorted sets have in common. Counts up to `limit`. */
export function countCommon(engine: SessionEngine, sessions: readonly Session[], limit: number): number {
  let count = 0;
  intersection(engine, sessions, () => ++count < limit);
  return count;
}
