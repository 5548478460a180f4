import { NO_SESSION, type Session } from '../engine/index.js';
import type { Context } from './context/context.js';
import { inSlices } from './in-slices.js';

/** What is left of a command's arguments. */
interface Rest {
  readonly left: number;
}

/** Arguments between two looks at the clock. */
const BATCH = 64;

/**
 * Ends the sessions that arguments lead to, in slices, and replies with how many there were.
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
