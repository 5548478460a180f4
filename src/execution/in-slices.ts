import { atOnce, inSlices as inSlicesOf } from '../engine/time/in-slices.js';
import type { Context } from './context/context.js';

export { forEachInSlices } from '../engine/time/in-slices.js';

/**
 * Does a command's long work in slices, between which other clients are served; within a transaction, all at once. See
 * `inSlices` of the memory store.
 *
 * @returns A promise only if the work takes more than one slice.
 */
export function inSlices({ client, engine, server }: Context, work: Iterator<void, void>): void | Promise<void> {
  if (client.transaction.executing) atOnce(work);
  else return inSlicesOf(work, server.clock, { isStopped: () => server.stopped, isHeld: () => engine.isHeld });
}
