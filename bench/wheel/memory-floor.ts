import { BATCH, type Batch, LONGEST, type Load } from './timer-load.js';

/**
 * The lower bound for `extend`: compares a random number in an array as long as the wheel's deadlines, and replaces it
 * with a larger one. The growth of this time with the size is due to memory alone.
 */
export function compareAndStore({ size, running, all, durations }: Load): Batch {
  const deadlines = new Float64Array(all.length);
  let base = LONGEST;
  let position = 0;
  return {
    run() {
      let next = position;
      for (let left = BATCH; left > 0; left--) {
        const deadline = base + durations[next];
        if (deadlines[running[next]] <= deadline) deadlines[running[next]] = deadline;
        if (++next === size) {
          next = 0;
          base += LONGEST;
        }
      }
      position = next;
      return BATCH;
    },
  };
}
