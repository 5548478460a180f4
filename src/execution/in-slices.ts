import { atOnce, inSlices as inSlicesOf } from '../engine/time/in-slices.js';
import type { Context } from './context/context.js';

export { forEachInSlices } from '../engine/time/in-slices.js';

/**
 * Does a command's long work in slices, between which other clients are served; within a transaction, all at once. See
 * `inSlices` of the memory store.
 *
 * @returns A promise only if the work takes more than one slice.
 */
export function inSlices(context: Context, work: Iterator<void, void>): void | Promise<void> {
  const { client, engine, server } = context;
  if (client.transaction.executing) {
    atOnce(work);
    return;
  }
  const steps = server.tracking.size === 0 ? work : attributed(context, work);
  return inSlicesOf(steps, server.clock, { isStopped: () => server.stopped, isHeld: () => engine.isHeld });
}

/** Attributes what each step of a command changes to its client, for CLIENT TRACKING with NOLOOP. */
function attributed({ client, server: { tracking } }: Context, work: Iterator<void, void>): Iterator<void, void> {
  return {
    next() {
      const outer = tracking.attribute(client);
      try {
        return work.next();
      } finally {
        tracking.attribute(outer);
      }
    },
  };
}
