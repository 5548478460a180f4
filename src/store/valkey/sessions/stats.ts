import type { EngineStats } from '../../../engine/index.js';
import { STATS } from '../library/constants.js';
import { integerOf, listOf, named } from '../library/replies.js';
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
  const replies = (await Promise.all(asked)).map(listOf);
  const sums = STATS.map((_, i) => replies.reduce((sum, counts) => sum + integerOf(counts[i]), 0));
  return {
    ...(named(STATS, sums) as Record<(typeof STATS)[number], number>),
    evicted: 0,
    // Counting these would cost each read a write.
    extended: 0,
    found: lookUps.asked - lookUps.missed,
    missed: lookUps.missed,
    ...timers,
  };
}
