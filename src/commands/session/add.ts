import type { Command } from '../declaration/command.js';
import { PAIRS, TOKEN } from './grammar.js';

export const sessionAdd: Command = {
  name: 'session.add',
  summary: 'Sets only the keys that a session does not have yet.',
  complexity: 'O(N), where N is the number of keys',
  group: 'session-data',
  flags: ['write', 'denyoom', 'fast'],
  arity: -4,
  pairs: true,
  arguments: [TOKEN, PAIRS],
  reply: 'the number of keys added; existing keys keep their values',
  run({ engine, reply }, args) {
    const session = args.session(engine);
    reply.integer(engine.data.add(session, args.pairs()));
  },
};
