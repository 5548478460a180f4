import { NO_SESSION } from '../../engine/index.js';
import type { Command } from '../declaration/command.js';
import { TOKENS } from './grammar.js';

export const sessionMexists: Command = {
  name: 'session.mexists',
  summary: 'Returns whether each of the given sessions exists.',
  complexity: 'O(N), where N is the number of tokens',
  group: 'session',
  flags: ['readonly', 'fast'],
  arity: -2,
  arguments: [TOKENS],
  reply: 'array with 1 or 0 for each token',
  run({ engine, reply }, args) {
    reply.array(args.left);
    while (args.left > 0) reply.integer(args.findSession(engine) === NO_SESSION ? 0 : 1);
  },
};
