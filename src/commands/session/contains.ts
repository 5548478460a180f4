import type { Command } from '../declaration/command.js';
import { KEYS, TOKEN } from './grammar.js';

export const sessionContains: Command = {
  name: 'session.contains',
  summary: 'Tells of each key whether a session has it, without extending it.',
  complexity: 'O(N) with N keys',
  group: 'session-data',
  flags: ['readonly', 'fast'],
  arity: -3,
  arguments: [TOKEN, KEYS],
  reply: 'array of 0 or 1, one per key',
  run({ engine, reply }, args) {
    const session = args.session(engine);
    reply.array(args.left);
    while (args.left > 0) reply.integer(engine.data.has(session, args.slice()) ? 1 : 0);
  },
};
