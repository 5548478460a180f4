import type { LatencySeries } from '../../execution/observing/latency-monitor.js';

/** Columns after which the graph continues below. */
const WIDTH = 80;
const ROWS = 4;
/** What the top of a column looks like, by how far it fills its row. */
const TOPS = '_o#';
const STEPS = ROWS * TOPS.length;

/**
 * Returns what LATENCY GRAPH says, as Redis does: a column for each sample, oldest first, and how long ago it was.
 * @param now Unix seconds.
 */
export function latencyGraph({ event, samples, max }: LatencySeries, now: number): string {
  const durations = samples.map(({ ms }) => ms);
  const [low, high] = [Math.min(...durations), Math.max(...durations)];
  const columns = samples.map(({ at, ms }) => {
    const step = Math.floor(((ms - low) * STEPS) / (high - low || 1));
    return [...barOf(Math.min(step, STEPS - 1)), ' ', ...ageOf(now - at)];
  });
  const graphs: string[] = [];
  for (let i = 0; i < columns.length; i += WIDTH) graphs.push(linesOf(columns.slice(i, i + WIDTH)));
  const head = `${event} - high ${high} ms, low ${low} ms (all time high ${max} ms)`;
  return `${head}\n${'-'.repeat(WIDTH)}\n${graphs.join('\n')}`;
}

/** Returns the characters of a bar from top to bottom. */
function barOf(step: number): string[] {
  return Array.from({ length: ROWS }, (_, row) => {
    const level = step - (ROWS - 1 - row) * TOPS.length;
    return level < 0 ? ' ' : (TOPS[level] ?? '|');
  });
}

function ageOf(seconds: number): string {
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  return seconds < 86_400 ? `${Math.floor(seconds / 3600)}h` : `${Math.floor(seconds / 86_400)}d`;
}

/** Writes columns of characters side by side. */
function linesOf(columns: readonly (readonly string[])[]): string {
  const height = Math.max(...columns.map(({ length }) => length));
  const line = (row: number) => `${columns.map((column) => column[row] ?? ' ').join('')}\n`;
  return Array.from({ length: height }, (_, row) => line(row)).join('');
}
