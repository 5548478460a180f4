import type { Command } from '../declaration/command.js';
import { KEYS, TOKEN } from './grammar.js';

export const sessionContains: Command = {
  name: 'session.contains',
  summary: 'Returns whether a session has each of the given keys. Does not extend the session.',
  complexity: 'O(N), where N is the number of keys',
  group: 'session-data',
  flags: ['readonly', 'fast'],
  arity: -3,
  arguments: [TOKEN, KEYS],
  reply: 'array with 1 or 0 for each key',
  run({ engine, reply }, args) {
    const session = args.session(engine);
    reply.array(args.left);
    while (args.left > 0) reply.integer(engine.data.has(session, args.slice()) ? 1 : 0);
  },
};
