import type { Command } from '../declaration/command.js';
import { PAIRS, TOKEN } from './grammar.js';

export const sessionClearset: Command = {
  name: 'session.clearset',
  summary: 'Removes all keys of a session, then sets others, as one act.',
  complexity: 'O(N) with N keys removed and set',
  group: 'session-data',
  flags: ['write', 'denyoom'],
  arity: -4,
  pairs: true,
  arguments: [TOKEN, PAIRS],
  reply: 'how many keys were removed',
  run({ engine, reply }, args) {
    const session = args.session(engine);
    reply.integer(engine.data.replace(session, args.pairs()));
  },
};
