import { readFileSync } from 'node:fs';
import { cpuSecondsOf } from './processes.js';

/**
 * A measurement is disturbed if other processes took more than this share of a core. The kernel counts the time of all
 * processes together by looking 250 times a second, so the share itself is uncertain by a few hundredths.
 */
export const DISTURBED = 0.1;

/** The most times a measurement is made, until one is not disturbed. */
const TRIES = 3;
/** How many measurements of a run may be repeated. On a busy machine a run would not end otherwise. */
let repetitionsLeft = 60;

/**
 * Watches how much processor time is taken from a measurement: by processes that do not belong to it, and by other
 * machines on the same host (steal).
 * @param pids The processes that belong to it, besides this one.
 * @returns A function that returns the share of one core that was taken since then. It takes the ids of processes of
 *   the measurement that were started meanwhile.
 */
export function watchOthers(...pids: readonly number[]): (...started: readonly number[]) => number {
  const read = (...started: readonly number[]) => ({
    taken: busySeconds() - [process.pid, ...pids, ...started].reduce((sum, pid) => sum + cpuSecondsOf(pid), 0),
    time: performance.now() / 1000,
  });
  const before = read();
  return (...started) => {
    const after = read(...started);
    return Math.max(0, (after.taken - before.taken) / (after.time - before.time));
  };
}

/** Repeats a short measurement that was disturbed. Returns the least disturbed one. */
export async function undisturbed<Sample extends { readonly others: number }>(
  measure: () => Promise<Sample>,
): Promise<Sample> {
  let best = await measure();
  for (let tries = 1; best.others > DISTURBED && tries < TRIES && repetitionsLeft > 0; tries++) {
    repetitionsLeft--;
    const next = await measure();
    if (next.others < best.others) best = next;
  }
  return best;
}

/** Returns for how long the cores of this machine were not idle, in all. /proc/stat counts in ticks of 10 ms. */
function busySeconds(): number {
  const [line] = readFileSync('/proc/stat', 'latin1').split('\n', 1);
  const [user, nice, system, , , irq, softirq, steal] = line.split(/\s+/).slice(1).map(Number);
  return (user + nice + system + irq + softirq + steal) / 100;
}
