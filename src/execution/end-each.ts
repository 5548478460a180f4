import { NO_SESSION, type Session } from '../engine/index.js';
import type { Context } from './context/context.js';
import { inSlices } from './in-slices.js';

/** The remaining arguments of a command. */
interface Rest {
  readonly left: number;
}

/** How many arguments are read between two readings of the clock. */
const BATCH = 64;

/**
 * Ends the sessions given by the remaining arguments, in slices, and replies with their number.
 * @param next Takes an argument and returns its session, or NO_SESSION.
 */
export function endEach(context: Context, args: Rest, next: () => Session): void | Promise<void> {
  if (args.left > 1) return inSlices(context, endMany(context, args, next));
  const session = next();
  if (session !== NO_SESSION) context.engine.end(session);
  context.reply.integer(session === NO_SESSION ? 0 : 1);
}

function* endMany({ engine, reply }: Context, args: Rest, next: () => Session): Generator<void> {
  const end = engine.endingMany();
  let ended = 0;
  for (let taken = 1; args.left > 0; taken++) {
    const session = next();
    if (session !== NO_SESSION) {
      end(session);
      ended++;
    }
    if (taken % BATCH === 0) yield;
  }
  reply.integer(ended);
}
