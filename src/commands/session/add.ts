import type { Command } from '../declaration/command.js';
import { PAIRS, TOKEN } from './grammar.js';

export const sessionAdd: Command = {
  name: 'session.add',
  summary: 'Sets those keys that a session does not have yet.',
  complexity: 'O(N) with N keys',
  group: 'session-data',
  flags: ['write', 'denyoom', 'fast'],
  arity: -4,
  pairs: true,
  arguments: [TOKEN, PAIRS],
  reply: 'how many were added; existing keys keep their value',
  run({ engine, reply }, args) {
    const session = args.session(engine);
    reply.integer(engine.data.add(session, args.pairs()));
  },
};
