import { NO_SESSION } from '../../engine/index.js';
import type { Command } from '../declaration/command.js';
import { TOKENS } from './grammar.js';

export const sessionMexists: Command = {
  name: 'session.mexists',
  summary: 'Tells of each token whether it is that of a live session.',
  complexity: 'O(N) with N tokens',
  group: 'session',
  flags: ['readonly', 'fast'],
  arity: -2,
  arguments: [TOKENS],
  reply: 'array of 0 or 1, one per token',
  run({ engine, reply }, args) {
    reply.array(args.left);
    while (args.left > 0) reply.integer(args.findSession(engine) === NO_SESSION ? 0 : 1);
  },
};
