import type { EngineStats } from '../../../engine/index.js';
import { integerOf, listOf } from '../library/replies.js';
import type { Calls } from '../nodes/nodes.js';
import type { LookUpCounts } from './look-up-counts.js';

/** The part of the statistics that is about the timers of this process. */
export type TimerStats = Pick<EngineStats, 'tickMs' | 'wheelSlots' | 'pending' | 'lateP99'>;

/** Adds up the statistics of all partitions. */
export async function statsOf(
  nodes: Calls,
  partitions: number,
  lookUps: LookUpCounts,
  timers: TimerStats,
): Promise<EngineStats> {
  const asked = Array.from({ length: partitions }, (_, partition) => nodes.call(partition, 'stats', []));
  const sums = new Array<number>(10).fill(0);
  for (const reply of await Promise.all(asked)) {
    for (const [i, count] of listOf(reply).entries()) sums[i] += integerOf(count);
  }
  const [sessions, keys, bytes, names, created, ended, expired, cleared, extended, rotated] = sums;
  return {
    sessions,
    keys,
    bytes,
    names,
    created,
    ended,
    expired,
    cleared,
    evicted: 0,
    rotated,
    extended,
    found: lookUps.asked - lookUps.missed,
    missed: lookUps.missed,
    ...timers,
  };
}
