import { type Session, TOKEN_LENGTH } from '../../engine/index.js';
import type { Context } from '../../execution/context/context.js';
import { inSlices, writeInSlices } from '../../execution/in-slices.js';
import { Slice } from '../../slice.js';
import type { Command } from '../declaration/command.js';
import { NAME } from './grammar.js';

export const sessionTokens: Command = {
  name: 'session.tokens',
  summary: 'Lists the tokens of the live sessions of a name.',
  complexity: 'O(N) with N sessions of the name',
  group: 'session',
  // Tokens are credentials: who may list them may be anybody.
  flags: ['readonly', 'admin'],
  arity: 2,
  arguments: [NAME],
  reply: 'array of tokens, oldest session first',
  run(context, args) {
    return inSlices(context, listTokens(context, args.slice()));
  },
};

/** Sessions between two looks at the clock. */
const BATCH = 64;

function* listTokens({ engine, reply }: Context, name: Slice): Generator<void> {
  const slots = engine.slotsOf(name);
  const tokens = Buffer.allocUnsafe(slots.length * TOKEN_LENGTH);
  let end = 0;
  const add = (session: Session) => {
    // In its slot there may be another session by now.
    if (Slice.of(engine.name(session)).equals(name)) end = engine.tokenBytes(session).writeTo(tokens, end);
  };
  for (let i = 0; i < slots.length; i++) {
    if (i % BATCH === BATCH - 1) yield;
    // It may have ended while others were served: a scan only visits what lives.
    engine.scan(slots[i], 1, add);
  }
  reply.array(end / TOKEN_LENGTH);
  const places = function* () {
    for (let at = 0; at < end; at += TOKEN_LENGTH) yield new Slice(tokens, at, at + TOKEN_LENGTH);
  };
  yield* writeInSlices(places(), (token) => reply.bulk(token));
}
