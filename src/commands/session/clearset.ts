import type { Command } from '../declaration/command.js';
import { PAIRS, TOKEN } from './grammar.js';

export const sessionClearset: Command = {
  name: 'session.clearset',
  summary: 'Atomically replaces all data of a session with the given keys and values.',
  complexity: 'O(N), where N is the number of keys removed and set',
  group: 'session-data',
  flags: ['write', 'denyoom'],
  arity: -4,
  pairs: true,
  arguments: [TOKEN, PAIRS],
  reply: 'the number of keys removed',
  run({ engine, reply }, args) {
    const session = args.session(engine);
    reply.integer(engine.data.replace(session, args.pairs()));
  },
};
