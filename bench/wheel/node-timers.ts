import { BATCH, type Batch, type Load } from './timer-load.js';

/** Node's own timers under the same load: one object per timer, one list per duration, a heap of the lists. */
export const nodeTimerOperations = {
  'Node: move': move,
  'Node: refresh': refresh,
} satisfies Record<string, (load: Load) => Batch>;

function move({ size, running, all, durations }: Load): Batch {
  const timeouts = startTimeouts(running, all.length, durations);
  let next = 0;
  // There are more durations than running timers, so a timer gets another one in each pass.
  let duration = 0;
  return {
    run() {
      for (let left = BATCH; left > 0; left--) {
        const timer = running[next];
        clearTimeout(timeouts[timer]);
        timeouts[timer] = setTimeout(refuse, durations[duration]);
        if (++next === size) next = 0;
        if (++duration === durations.length) duration = 0;
      }
      return BATCH;
    },
    close: () => timeouts.forEach(clearTimeout),
  };
}

function refresh({ size, running, all, durations }: Load): Batch {
  const timeouts = startTimeouts(running, all.length, durations);
  let next = 0;
  return {
    run() {
      for (let left = BATCH; left > 0; left--) {
        timeouts[running[next]].refresh();
        if (++next === size) next = 0;
      }
      return BATCH;
    },
    close: () => timeouts.forEach(clearTimeout),
  };
}

function startTimeouts(running: Int32Array, capacity: number, durations: Float64Array): NodeJS.Timeout[] {
  const timeouts = new Array<NodeJS.Timeout>(capacity);
  for (let index = 0; index < running.length; index++) {
    timeouts[running[index]] = setTimeout(refuse, durations[index]);
  }
  return timeouts;
}

/** No timer comes due: the timers are cleared before the event loop runs. */
function refuse(): never {
  throw new Error('a timeout came due');
}
