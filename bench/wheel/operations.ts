// Imports the source, not the build, because the type check must pass without a build. The code is the same: tsx and
// the build only remove the types and leave classes and #fields to V8.
import { TimingWheel } from '../../src/engine/time/timing-wheel.js';
import { BATCH, type Batch, LONGEST, type Load } from './timer-load.js';

/**
 * How often each timer is extended in `extendWithVisit`, in ms. The interval is long, because the more often a timer is
 * extended, the fewer visits there are per extension.
 */
const EXTENDED_EVERY = 10 * 60_000;

/** The operations of the wheel to measure. Each leaves as many timers running as there were, and checks that. */
export const wheelOperations = {
  'start + cancel': startAndCancel,
  extend,
  'extend, with visit': extendWithVisit,
  'move earlier': moveEarlier,
  'expire + start': expireAndStart,
} satisfies Record<string, (load: Load) => Batch>;

/**
 * The running timers are a window that moves around the shuffled timers, so a freed timer is started again much later.
 */
function startAndCancel(load: Load): Batch {
  const { size, all, durations } = load;
  const wheel = fill(new TimingWheel(refuse, { capacity: all.length }), load, 0);
  let oldest = 0;
  return {
    run() {
      let cancelled = oldest;
      let started = (oldest + size) % all.length;
      for (let left = BATCH; left > 0; left--) {
        wheel.schedule(all[started], durations[started]);
        wheel.cancel(all[cancelled]);
        if (++started === all.length) started = 0;
        if (++cancelled === all.length) cancelled = 0;
      }
      oldest = cancelled;
      return verified(wheel, size);
    },
  };
}

/** Each pass over the timers gives them deadlines in the half hour after that of the previous pass. */
function extend(load: Load): Batch {
  return moveInPasses(load, 0, LONGEST);
}

/** Like `extend`, but downwards from a time that is never reached. */
function moveEarlier(load: Load): Batch {
  return moveInPasses(load, 1e12, -LONGEST);
}

function moveInPasses(load: Load, firstTime: number, step: number): Batch {
  const { size, running, all, durations } = load;
  const wheel = fill(new TimingWheel(refuse, { capacity: all.length }), load, firstTime);
  let base = firstTime + step;
  let position = 0;
  return {
    run() {
      let next = position;
      for (let left = BATCH; left > 0; left--) {
        wheel.schedule(running[next], base + durations[next]);
        if (++next === size) {
          next = 0;
          base += step;
        }
      }
      position = next;
      return verified(wheel, size);
    },
  };
}

/** All timers have the longest duration and are extended long before they are due, so none comes due. */
function extendWithVisit(load: Load): Batch {
  const { size, running, all } = load;
  const wheel = fill(new TimingWheel(refuse, { capacity: all.length }), load, 0);
  for (const timer of running) wheel.schedule(timer, LONGEST);
  const interval = EXTENDED_EVERY / size;
  const extensionsPerStep = timersPerStep(size);
  let position = 0;
  let now = 0;
  return {
    run() {
      let next = position;
      for (let left = BATCH; left > 0; left--) {
        now += interval;
        wheel.schedule(running[next], now + LONGEST);
        if (++next === size) next = 0;
        if (left % extensionsPerStep === 0) wheel.advance(now);
      }
      position = next;
      return verified(wheel, size);
    },
  };
}

function expireAndStart(load: Load): Batch {
  const { size, all, durations } = load;
  let now = 0;
  let expired = 0;
  let next = 0;
  const restart = (timer: number, deadline: number) => {
    wheel.schedule(timer, deadline + durations[next]);
    if (++next === durations.length) next = 0;
    expired++;
  };
  const wheel = fill(new TimingWheel(restart, { capacity: all.length }), load, 0);
  const step = (timersPerStep(size) / size) * (LONGEST / 2);
  return {
    run() {
      const before = expired;
      while (expired - before < BATCH) {
        now += step;
        wheel.advance(now);
      }
      verified(wheel, size);
      return expired - before;
    },
  };
}

/**
 * Returns how many timers change between two steps of the clock. A server does not wake for every request either. But a
 * step must be much shorter than a round of the wheel, and a batch must contain many steps so that all batches are
 * alike.
 */
function timersPerStep(size: number): number {
  return Math.min(size / 10, BATCH / 16);
}

function fill(wheel: TimingWheel, { running, durations }: Load, start: number): TimingWheel {
  for (let index = 0; index < running.length; index++) wheel.schedule(running[index], start + durations[index]);
  return wheel;
}

/** A figure for work that was not done would be worthless. */
function verified(wheel: TimingWheel, size: number): number {
  if (wheel.size !== size) throw new Error(`${wheel.size} timers run, not ${size}`);
  return BATCH;
}

function refuse(timer: number): never {
  throw new Error(`timer ${timer} came due`);
}
