import { measure } from 'mitata';
import { TimingWheel } from '../src/engine/time/timing-wheel.js';
import { describeMachine } from './machine.js';
import { formatTable } from './table.js';
import { compareAndStore, NODE_OPERATIONS, type Operation, Timers, WHEEL_OPERATIONS } from './wheel-operations.js';

/**
 * Measures the time per operation of the timing wheel, from a thousand running timers to ten million, and of Node's own
 * timers for comparison. The goal: 10 M takes at most 5 times as long as 1 k.
 */

const SIZES = [1_000, 100_000, 1_000_000, 10_000_000];
const GOAL = 5;

/** Ten million of Node's timers take 2 GB of V8's heap and half a minute to start, so they are omitted. */
const MOST_NODE_TIMERS = 1_000_000;

/** Everything is measured this many times, and the fastest counts: other load on the machine only adds time. */
const ROUNDS = 3;
/** The minimum time of each measurement, in ns. */
const MEASURED_FOR = 0.4e9;

/** Re-linking in the prototype, in ns, from an earlier run: shows whether the wheel is as fast as promised. */
const PROTOTYPE = [38, 56, 103, 156];

const NOTES = `
Each figure is the lowest of the rounds' medians. Timers are picked in a shuffled order. Their durations are spread
randomly over 30 minutes. At 1 k all timers fit into the processor's fastest cache, at 10 M hardly any are cached: what grows
with their number is not the work but the latency of memory, once for the timer and once for each neighbour in its list.

start + cancel       one timer is started and another, random one is cancelled: two operations.
extend               a timer gets a later deadline: one store. A later visit that this may cause is not included.
extend, with visit   as time passes, each timer is extended every 10 minutes. Includes the visits in which the wheel
                     notices that and re-links the timer. Timers extended more often are not visited more often.
move earlier         a timer gets an earlier deadline, and is re-linked immediately.
expire + start       a timer comes due and its callback starts it again. Includes the visits to timers whose round has
                     not come yet.
memory alone         no wheel: a random number in an array is compared and stored. Extending cannot be faster.
Node: move           clearTimeout + setTimeout of a random timer.
Node: refresh        timeout.refresh() of a random timer.
                     Node's timers are omitted at 10 M: they take 2 GB of heap, and half a minute to start.
(prototype)          the time for moving earlier in the prototype, measured on another day.`;

/** What to measure, in the order of the rows. */
const OPERATIONS = { ...WHEEL_OPERATIONS, 'memory alone': compareAndStore, ...NODE_OPERATIONS };

const { slots, tickMs } = new TimingWheel(() => {});
console.log(`Timing wheel, ${slots} wheel slots of ${tickMs} ms: ${describeMachine()}\n`);
const header = ['ns per operation', ...SIZES.map(formatSize), '10 M / 1 k', `goal: ${GOAL}x`];
const rows = Object.entries(await measureAll()).map(([name, times]) => [...cells(name, times), verdict(name, times)]);
console.log(formatTable(header, [...rows, [...cells('(prototype)', PROTOTYPE), '']]));
console.log(NOTES);

/** Returns ns by operation, one figure per measured size. */
async function measureAll(): Promise<Record<string, number[]>> {
  const figures: Record<string, number[]> = Object.fromEntries(Object.keys(OPERATIONS).map((name) => [name, []]));
  for (let round = 1; round <= ROUNDS; round++) {
    for (const [column, size] of SIZES.entries()) {
      process.stderr.write(`round ${round} of ${ROUNDS}, ${formatSize(size)} timers …\n`);
      const timers = new Timers(size);
      for (const [name, prepare] of Object.entries(OPERATIONS)) {
        if (name in NODE_OPERATIONS && size > MOST_NODE_TIMERS) continue;
        const time = await nanosecondsOf(prepare(timers));
        figures[name][column] = Math.min(time, figures[name][column] ?? Infinity);
      }
    }
  }
  return figures;
}

async function nanosecondsOf({ run, perRun = () => 1, close }: Operation): Promise<number> {
  // Without `warmup_threshold`, one slow call at first would make mitata measure single calls instead of batches.
  const { p50 } = await measure(run, { gc: false, min_cpu_time: MEASURED_FOR, warmup_threshold: Infinity });
  close?.();
  return p50 / perRun();
}

function cells(name: string, times: readonly number[]): string[] {
  const figures = SIZES.map((_, index) => times[index]?.toFixed(times[index] < 10 ? 1 : 0) ?? '-');
  return [name, ...figures, times.length === SIZES.length ? growthOf(times).toFixed(1) : '-'];
}

function verdict(name: string, times: readonly number[]): string {
  if (!(name in WHEEL_OPERATIONS)) return '';
  return growthOf(times) <= GOAL ? 'met' : 'missed';
}

/** Returns how much longer an operation takes with the most timers than with the fewest. */
function growthOf(times: readonly number[]): number {
  return times[SIZES.length - 1] / times[0];
}

function formatSize(size: number): string {
  return size < 1_000_000 ? `${size / 1_000} k` : `${size / 1_000_000} M`;
}
