import { counted } from '../../counted.js';
import type { LatencyEvent, LatencyMonitor, LatencySeries } from '../../execution/observing/latency-monitor.js';

/** What an event is, and what to do if it takes long. */
const ADVICE: Record<LatencyEvent, string> = {
  command:
    'Other clients waited meanwhile. SLOWLOG GET shows which commands, LATENCY HISTOGRAM how often. What runs as a whole: EXEC, HGETALL and COPY of large sessions, and commands with very many arguments. Send fewer arguments at a time, and read large sessions with SESSION.SCAN or HSCAN.',
  'fast-command':
    'A command that takes constant time waited for something else: for the processor, garbage collection or memory that was swapped out. Look at event-loop-stall, at the load of the machine, and whether it swaps.',
  'expire-cycle':
    'Expiring sessions took longer than the millisecond after which others are served. If an embedding program listens to sessions, its listener is too slow. Otherwise sessions with very much data end: keep large values elsewhere.',
  'eviction-cycle':
    'Sessions are ended to keep within maxmemory. Raise maxmemory, give sessions a shorter duration, or use the policy volatile-ttl, so that more of them end in time.',
  'aof-fsync-always':
    'With appendfsync always each reply to a write waits for the disk. Use a faster disk, keep other programs away from it, or use appendfsync everysec.',
  'event-loop-stall':
    'Nobody was served. The cause is a long command (see the event command), garbage collection, code of an embedding program, or a machine that has no processor left for respite. Give it a processor of its own, and compare with the times in the log.',
};

/** Returns what LATENCY DOCTOR says. @param now Unix seconds. */
export function latencyReport(latency: LatencyMonitor, now: number): string {
  const all = latency.all();
  if (all.length > 0) return `${all.map((series) => eventReport(series, now)).join('\n\n')}\n`;
  if (latency.threshold === Infinity) {
    return 'Nothing is recorded, because latency-monitor-threshold is 0. CONFIG SET latency-monitor-threshold 100 records what takes 100 ms or longer.\n';
  }
  return `Nothing took ${latency.threshold} ms or longer since the start or LATENCY RESET.\n`;
}

function eventReport({ event, samples, max }: LatencySeries, now: number): string {
  const durations = samples.map(({ ms }) => ms);
  const average = Math.round(durations.reduce((sum, ms) => sum + ms, 0) / samples.length);
  const { at, ms } = samples[samples.length - 1];
  const ago = Math.max(0, now - at);
  return `${event}: ${counted(samples.length, 'sample')}, on average ${average} ms, the longest ${max} ms, the latest ${ms} ms, ${ago} s ago.\n${ADVICE[event]}`;
}
