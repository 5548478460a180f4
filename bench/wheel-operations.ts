// Imports the source, not the build, because the type check must pass without a build. The code is the same: tsx and
// the build only remove the types and leave classes and #fields to V8.
import { TimingWheel } from '../src/engine/time/timing-wheel.js';
import { shuffled } from './shuffled.js';

/** The longest duration, in ms: half an hour, as for typical sessions. Durations are spread evenly up to this. */
const LONGEST = 30 * 60_000;
/**
 * How often each timer is extended in `extendWithVisit`, in ms. The interval is long, because the more often a timer is
 * extended, the fewer visits there are per extension.
 */
const EXTENDED_EVERY = 10 * 60_000;

/** How many times what takes only a few ns runs at once. At one call each, the calls would cost as much. */
const BATCH = 65_536;

/** Timers and what is needed for operations on them, generated in advance so that generating it is not measured. */
export class Timers {
  /** How many timers run. */
  readonly size: number;
  /** All timers, shuffled: the running ones first, then an eighth as many that are free. */
  readonly all: Int32Array;
  /** Durations in ms, one per timer. They are read in sequence, which costs next to nothing. */
  readonly durations: Float64Array;

  constructor(size: number) {
    this.size = size;
    this.all = shuffled(size + size / 8);
    this.durations = Float64Array.from(this.all, () => Math.random() * LONGEST);
  }

  /** Returns a wheel in which they run, with deadlines after a time in ms. */
  wheel(start = 0, onDue: (timer: number, deadline: number) => void = refuse): TimingWheel {
    const wheel = new TimingWheel(onDue, { capacity: this.all.length });
    for (let index = 0; index < this.size; index++) wheel.schedule(this.all[index], start + this.durations[index]);
    return wheel;
  }

  /** Starts the running ones as timers of Node. */
  timeouts(): NodeJS.Timeout[] {
    const timeouts = new Array<NodeJS.Timeout>(this.all.length);
    for (let index = 0; index < this.size; index++) {
      timeouts[this.all[index]] = setTimeout(refuse, this.durations[index]);
    }
    return timeouts;
  }

  /**
   * How many timers change between two steps of the clock. A server does not wake for every request either. But a step
   * must be much shorter than a round of the wheel.
   */
  get perStep(): number {
    return Math.min(this.size / 10, 4096);
  }
}

/** An operation that is ready to be measured. */
export interface Operation {
  /** Runs it once, or several times. */
  run(): void;
  /** How many times it ran in each `run` on average. Once by default. */
  perRun?(): number;
  /** Frees what the garbage collector cannot, and checks that as many timers run as before. */
  close?(): void;
}

/**
 * The operations of the wheel. Each leaves as many timers running as there were, which is checked: a figure for work
 * that was not done would be worthless.
 */
export const WHEEL_OPERATIONS: Readonly<Record<string, (timers: Timers) => Operation>> = {
  'start + cancel': startAndCancel,
  // Each pass over the timers gives them deadlines in the half hour after that of the previous pass.
  extend: (timers) => moveInPasses(timers, 0, LONGEST),
  'extend, with visit': extendWithVisit,
  // Downwards from a time that is never reached.
  'move earlier': (timers) => moveInPasses(timers, 1e12, -LONGEST),
  'expire + start': expireAndStart,
};

/** Node's own timers under the same load: one object per timer, one list per duration, a heap of the lists. */
export const NODE_OPERATIONS: Readonly<Record<string, (timers: Timers) => Operation>> = {
  'Node: move': (timers) => {
    const { size, all, durations } = timers;
    const timeouts = timers.timeouts();
    let next = 0;
    // There are more durations than running timers, so a timer gets another one in each pass.
    let duration = 0;
    const run = () => {
      clearTimeout(timeouts[all[next]]);
      timeouts[all[next]] = setTimeout(refuse, durations[duration]);
      if (++next === size) next = 0;
      if (++duration === durations.length) duration = 0;
    };
    return { run, close: () => timeouts.forEach(clearTimeout) };
  },
  'Node: refresh': (timers) => {
    const { size, all } = timers;
    const timeouts = timers.timeouts();
    let next = 0;
    const run = () => {
      timeouts[all[next]].refresh();
      if (++next === size) next = 0;
    };
    return { run, close: () => timeouts.forEach(clearTimeout) };
  },
};

/**
 * The lower bound for `extend`: compares a random number in an array as long as the wheel's deadlines, and replaces it
 * with a larger one. The growth of this time with the size is due to memory alone.
 */
export function compareAndStore({ size, all, durations }: Timers): Operation {
  const deadlines = new Float64Array(all.length);
  let base = LONGEST;
  let position = 0;
  const run = () => {
    let next = position;
    for (let left = BATCH; left > 0; left--) {
      const deadline = base + durations[next];
      if (deadlines[all[next]] <= deadline) deadlines[all[next]] = deadline;
      if (++next < size) continue;
      next = 0;
      base += LONGEST;
    }
    position = next;
  };
  return { run, perRun: () => BATCH };
}

/**
 * The running timers are a window that moves around the shuffled timers, so a freed timer is started again much later.
 */
function startAndCancel(timers: Timers): Operation {
  const { size, all, durations } = timers;
  const wheel = timers.wheel();
  let cancelled = 0;
  let started = size;
  const run = () => {
    wheel.schedule(all[started], durations[started]);
    wheel.cancel(all[cancelled]);
    if (++started === all.length) started = 0;
    if (++cancelled === all.length) cancelled = 0;
  };
  return { run, close: () => verify(wheel, size) };
}

function moveInPasses(timers: Timers, first: number, step: number): Operation {
  const { size, all, durations } = timers;
  const wheel = timers.wheel(first);
  let base = first + step;
  let position = 0;
  const run = () => {
    let next = position;
    for (let left = BATCH; left > 0; left--) {
      wheel.schedule(all[next], base + durations[next]);
      if (++next < size) continue;
      next = 0;
      base += step;
    }
    position = next;
  };
  return { run, perRun: () => BATCH, close: () => verify(wheel, size) };
}

/** All timers have the longest duration and are extended long before they are due, so none comes due. */
function extendWithVisit(timers: Timers): Operation {
  const { size, all, perStep } = timers;
  const wheel = timers.wheel();
  for (let index = 0; index < size; index++) wheel.schedule(all[index], LONGEST);
  const interval = EXTENDED_EVERY / size;
  let next = 0;
  let untilStep = perStep;
  let now = 0;
  const run = () => {
    now += interval;
    wheel.schedule(all[next], now + LONGEST);
    if (++next === size) next = 0;
    if (--untilStep > 0) return;
    untilStep = perStep;
    wheel.advance(now);
  };
  return { run, close: () => verify(wheel, size) };
}

function expireAndStart(timers: Timers): Operation {
  const { size, durations, perStep } = timers;
  let now = 0;
  let runs = 0;
  let expired = 0;
  let next = 0;
  const wheel = timers.wheel(0, (timer, deadline) => {
    wheel.schedule(timer, deadline + durations[next]);
    if (++next === durations.length) next = 0;
    expired++;
  });
  const step = (perStep / size) * (LONGEST / 2);
  const run = () => {
    runs++;
    now += step;
    wheel.advance(now);
  };
  return { run, perRun: () => expired / runs, close: () => verify(wheel, size) };
}

function verify(wheel: TimingWheel, size: number): void {
  if (wheel.size !== size) throw new Error(`${wheel.size} timers run, not ${size}`);
}

/** No timer comes due: Node's are cleared before the event loop runs. */
function refuse(): never {
  throw new Error('a timer came due');
}
