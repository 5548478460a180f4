import type { Arguments } from '../commands/arguments/arguments.js';
import { NO_SESSION, type Session } from '../engine/index.js';
import type { Context } from './context/context.js';
import { inSlices } from './in-slices.js';

/** Takes an argument and returns its session, or NO_SESSION. Not a closure, which each command would have to allocate. */
type Next = (context: Context, args: Arguments) => Session;

/** How many arguments are read between two readings of the clock. */
const BATCH = 64;

/**
 * Ends the sessions given by the remaining arguments, in slices, and replies with their number.
 */
export function endEach(context: Context, args: Arguments, next: Next): void | Promise<void> {
  if (args.left > 1) return inSlices(context, endMany(context, args, next));
  const session = next(context, args);
  if (session !== NO_SESSION) context.engine.end(session);
  context.reply.integer(session === NO_SESSION ? 0 : 1);
}

function* endMany(context: Context, args: Arguments, next: Next): Generator<void> {
  const { engine, reply } = context;
  const end = engine.endingMany();
  let ended = 0;
  for (let taken = 1; args.left > 0; taken++) {
    const session = next(context, args);
    if (session !== NO_SESSION) {
      end(session);
      ended++;
    }
    if (taken % BATCH === 0) yield;
  }
  reply.integer(ended);
}
