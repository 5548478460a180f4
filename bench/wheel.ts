import { measure } from 'mitata';
import { TimingWheel } from '../src/engine/time/timing-wheel.js';
import { describeMachine } from './machine.js';
import { formatTable } from './table.js';
import { compareAndStore } from './wheel/memory-floor.js';
import { nodeTimerOperations } from './wheel/node-timers.js';
import { wheelOperations } from './wheel/operations.js';
import { type Batch, type Load, randomLoad } from './wheel/timer-load.js';

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

const MEMORY = 'memory alone';

type Operations = Record<string, (load: Load) => Batch>;
/** Nanoseconds by operation, one figure per measured size. */
type Figures = Map<string, number[]>;

async function measureAll(): Promise<Figures> {
  const figures: Figures = new Map();
  for (let round = 1; round <= ROUNDS; round++) {
    for (const size of SIZES) {
      process.stderr.write(`round ${round} of ${ROUNDS}, ${formatSize(size)} timers …\n`);
      const load = randomLoad(size);
      await measureEach(wheelOperations, load, figures);
      await measureEach({ [MEMORY]: compareAndStore }, load, figures);
      if (size <= MOST_NODE_TIMERS) await measureEach(nodeTimerOperations, load, figures);
    }
  }
  return figures;
}

async function measureEach(operations: Operations, load: Load, figures: Figures): Promise<void> {
  const column = SIZES.indexOf(load.size);
  for (const [name, prepare] of Object.entries(operations)) {
    const batch = prepare(load);
    const time = await nanosecondsPerOperation(batch.run);
    batch.close?.();
    const times = figures.get(name) ?? [];
    times[column] = Math.min(time, times[column] ?? Infinity);
    figures.set(name, times);
  }
}

/** mitata decides how often to call. Batches may have different numbers of operations, so they are counted. */
async function nanosecondsPerOperation(run: () => number): Promise<number> {
  let calls = 0;
  let operations = 0;
  const counted = () => {
    calls++;
    operations += run();
  };
  const { p50 } = await measure(counted, { gc: false, min_cpu_time: MEASURED_FOR });
  return (p50 * calls) / operations;
}

function report(figures: Figures): string {
  const header = ['ns per operation', ...SIZES.map(formatSize), '10 M / 1 k', `goal: ${GOAL}x`];
  const rows = [...figures].map(([name, times]) => [
    name,
    ...cells(times),
    name in wheelOperations ? verdict(times) : '',
  ]);
  return formatTable(header, [...rows, ['(prototype)', ...cells(PROTOTYPE), '']]);
}

function cells(times: readonly number[]): string[] {
  const figures = SIZES.map((_, index) => times[index]?.toFixed(times[index] < 10 ? 1 : 0) ?? '-');
  return [...figures, times.length === SIZES.length ? growth(times).toFixed(1) : '-'];
}

function verdict(times: readonly number[]): string {
  return growth(times) <= GOAL ? 'met' : 'missed';
}

/** Returns how much longer an operation takes with the most timers than with the fewest. */
function growth(times: readonly number[]): number {
  return times[SIZES.length - 1] / times[0];
}

function formatSize(size: number): string {
  return size < 1_000_000 ? `${size / 1_000} k` : `${size / 1_000_000} M`;
}

const { slots, tickMs } = new TimingWheel(() => {});
console.log(`Timing wheel, ${slots} wheel slots of ${tickMs} ms: ${describeMachine()}\n`);
const figures = await measureAll();
console.log(report(figures));
console.log(NOTES);
