import { CodedError } from '../../errors.js';
import type { Clock } from './clock.js';
import { TimeSlices } from './time-slices.js';

/** Runs long work, which may stop wherever it yields, and returns its result. */
export type Runner = <Result>(work: Iterator<void, Result>) => Result | Promise<Result>;

/** Runs the work without a break. */
export function atOnce<Result>(work: Iterator<void, Result>): Result {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}

const STOPPED = new CodedError('ERR', 'the server has stopped');

/** What can keep work from going on with its next slice. */
export interface SliceControl {
  /** Whether the server has stopped. Work that is not done by then must not change anything any more. */
  isStopped(): boolean;
  /** Whether nothing may be read or changed at present, so that the work has to wait. */
  isHeld(): boolean;
}

/**
 * Runs work in slices, between which other clients are served. The work should yield every fraction of a millisecond,
 * but not more often, because each yield reads the clock. Data may change between slices.
 * @returns A promise only if the work takes more than one slice.
 */
export function inSlices<Result>(
  work: Iterator<void, Result>,
  clock: Clock,
  control: SliceControl,
): Result | Promise<Result> {
  // Most work is done before it is worth reading the clock.
  const first = work.next();
  if (first.done) return first.value;
  const slices = new TimeSlices(clock);
  const last = slice(work, slices);
  return last === undefined ? later(work, slices, control) : last.value;
}

async function later<Result>(work: Iterator<void, Result>, slices: TimeSlices, control: SliceControl): Promise<Result> {
  for (;;) {
    do await slices.next();
    while (control.isHeld() && !control.isStopped());
    // The journal is closed then, and the client is gone.
    if (control.isStopped()) throw STOPPED;
    const last = slice(work, slices);
    if (last !== undefined) return last.value;
  }
}

/** Returns the last step of the work, or undefined if it is not done. */
function slice<Result>(work: Iterator<void, Result>, slices: TimeSlices): IteratorReturnResult<Result> | undefined {
  for (;;) {
    const step = work.next();
    if (step.done) return step;
    if (slices.isOver) return undefined;
  }
}

/** Visits items that take a few microseconds each at most, and yields now and then. */
export function* forEachInSlices<Item>(items: Iterable<Item>, visit: (item: Item) => void): Generator<void> {
  let visited = 0;
  for (const item of items) {
    visit(item);
    if (++visited % BATCH === 0) yield;
  }
}

/** How many items are visited between two readings of the clock. */
const BATCH = 16;
