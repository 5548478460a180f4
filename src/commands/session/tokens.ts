import { type Session, TOKEN_LENGTH } from '../../engine/index.js';
import type { Context } from '../../execution/context/context.js';
import { forEachInSlices, inSlices } from '../../execution/in-slices.js';
import { Slice } from '../../slice.js';
import type { Command } from '../declaration/command.js';
import { NAME } from './grammar.js';

export const sessionTokens: Command = {
  name: 'session.tokens',
  summary: 'Returns the tokens of all sessions with a name.',
  complexity: 'O(N), where N is the number of sessions with the name',
  group: 'session',
  // Tokens are credentials: a client that may list them can use every session.
  flags: ['readonly', 'admin'],
  arity: 2,
  arguments: [NAME],
  reply: 'array of tokens, those of the oldest sessions first',
  run(context, args) {
    args.own();
    return inSlices(context, listTokens(context, args.slice()));
  },
};

/** How many sessions are visited between two readings of the clock. */
const BATCH = 64;

function* listTokens({ engine, reply }: Context, name: Slice): Generator<void> {
  const slots = engine.slotsOf(name);
  const tokens = Buffer.allocUnsafe(slots.length * TOKEN_LENGTH);
  let end = 0;
  const add = (session: Session) => {
    // By now the slot may hold another session.
    if (Slice.of(engine.name(session)).equals(name)) end = engine.tokenBytes(session).writeTo(tokens, end);
  };
  for (let i = 0; i < slots.length; i++) {
    if (i % BATCH === BATCH - 1) yield;
    // The session may have ended while others were served. A scan visits only live ones.
    engine.scan(slots[i], 1, add);
  }
  reply.array(end / TOKEN_LENGTH);
  const places = function* () {
    for (let at = 0; at < end; at += TOKEN_LENGTH) yield new Slice(tokens, at, at + TOKEN_LENGTH);
  };
  yield* forEachInSlices(places(), (token) => reply.bulk(token));
}
