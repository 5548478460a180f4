import { shuffled } from './shuffled.js';

/** Durations are spread evenly over this, in ms: half an hour, as sessions have. */
export const LONGEST = 30 * 60_000;

/** Timers and what happens to them, all of it drawn beforehand, so that no generator is measured. */
export interface Load {
  /** How many timers run. */
  readonly size: number;
  /** The running timers, shuffled. */
  readonly running: Int32Array;
  /** Every timer, shuffled: the running ones first, then an eighth as many that are free. */
  readonly all: Int32Array;
  /** Durations in ms, as many as timers. Read in sequence, so that fetching them costs next to nothing. */
  readonly durations: Float64Array;
}

/** An operation that is ready to be measured. */
export interface Batch {
  /** Does many operations and returns how many. */
  run(): number;
  /** Frees what the garbage collector cannot. */
  close?(): void;
}

/** Operations in a batch: long enough, at a few ns each, that the clock's own cost is lost in it. */
export const BATCH = 65_536;

export function randomLoad(size: number): Load {
  const all = shuffled(size + size / 8);
  const durations = new Float64Array(all.length);
  for (let index = 0; index < durations.length; index++) durations[index] = Math.random() * LONGEST;
  return { size, running: all.subarray(0, size), all, durations };
}
