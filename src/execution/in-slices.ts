import { TimeSlices } from '../engine/time/time-slices.js';
import type { Context } from './context/context.js';
import type { ServerControl } from './context/server-control.js';

/**
 * Does long work in slices, between which other clients are served; within a transaction, all at once. The work can
 * stop wherever it yields. It should yield every fraction of a millisecond, but not more often, because each yield
 * reads the clock. Data may change between slices.
 *
 * @returns A promise only if the work takes more than one slice.
 */
export function inSlices({ client, server }: Context, work: Iterator<void>): void | Promise<void> {
  if (client.transaction.executing) {
    while (!work.next().done);
    return;
  }
  // Most work is done before it is worth reading the clock.
  if (work.next().done) return;
  const slices = new TimeSlices(server.clock);
  if (!doSlice(work, slices)) return doLaterSlices(work, slices, server);
}

async function doLaterSlices(work: Iterator<void>, slices: TimeSlices, server: ServerControl): Promise<void> {
  do {
    await slices.next();
    // The journal is closed then, and the client is gone.
    if (server.stopped) return;
  } while (!doSlice(work, slices));
}

/** Returns whether the work is done. */
function doSlice(work: Iterator<void>, slices: TimeSlices): boolean {
  while (!work.next().done) if (slices.isOver) return false;
  return true;
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
