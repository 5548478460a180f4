import { Slices } from '../engine/index.js';
import type { Context } from './context.js';

/**
 * Does long work in slices, between which others are served; within a transaction, at once. The work stops where it yields: often
 * enough, but not for every little thing, for each time is a look at the clock. What it reads may be changed meanwhile.
 *
 * @returns A promise only if there is more than a slice of it.
 */
export function inSlices({ client, server }: Context, work: Iterator<void>): void | Promise<void> {
  if (client.transaction.executing) {
    while (!work.next().done);
    return;
  }
  // Most of it is over before it would be worth a look at the clock.
  if (work.next().done) return;
  const slices = new Slices(server.clock);
  if (!doSlice(work, slices)) return doLaterSlices(work, slices);
}

async function doLaterSlices(work: Iterator<void>, slices: Slices): Promise<void> {
  do await slices.next();
  while (!doSlice(work, slices));
}

/** Returns whether that was the last one. */
function doSlice(work: Iterator<void>, slices: Slices): boolean {
  while (!work.next().done) if (slices.isOver) return false;
  return true;
}

/** Writes an array of a long reply. */
export function* writeInSlices<Item>(items: Iterable<Item>, write: (item: Item) => void): Generator<void> {
  let written = 0;
  for (const item of items) {
    write(item);
    if (++written % BATCH === 0) yield;
  }
}

/** Items between two looks at the clock. */
const BATCH = 64;
