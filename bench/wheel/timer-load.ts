import { shuffled } from '../shuffled.js';

/** The longest duration, in ms: half an hour, as for typical sessions. Durations are spread evenly up to this. */
export const LONGEST = 30 * 60_000;

/** Timers and the operations on them, all generated in advance so that generating them is not measured. */
export interface Load {
  /** The number of running timers. */
  readonly size: number;
  /** The running timers, shuffled. */
  readonly running: Int32Array;
  /** All timers, shuffled: the running ones first, then an eighth as many that are free. */
  readonly all: Int32Array;
  /** Durations in ms, one per timer. They are read in sequence, which costs next to nothing. */
  readonly durations: Float64Array;
}

/** An operation that is ready to be measured. */
export interface Batch {
  /** Runs many operations and returns how many. */
  run(): number;
  /** Frees what the garbage collector cannot. */
  close?(): void;
}

/** Operations in a batch. At a few ns each, this makes the cost of reading the clock negligible. */
export const BATCH = 65_536;

export function randomLoad(size: number): Load {
  const all = shuffled(size + size / 8);
  const durations = new Float64Array(all.length);
  for (let index = 0; index < durations.length; index++) durations[index] = Math.random() * LONGEST;
  return { size, running: all.subarray(0, size), all, durations };
}
