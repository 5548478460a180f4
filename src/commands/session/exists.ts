import { NO_SESSION } from '../../engine/index.js';
import type { Command } from '../declaration/command.js';
import { TOKENS } from './grammar.js';

export const sessionExists: Command = {
  name: 'session.exists',
  summary: 'Returns how many of the given sessions exist.',
  complexity: 'O(N), where N is the number of tokens',
  group: 'session',
  flags: ['readonly', 'fast'],
  arity: -2,
  arguments: [TOKENS],
  reply: 'the number of sessions that exist; a token given twice counts twice',
  run({ engine, reply }, args) {
    let existing = 0;
    while (args.left > 0) if (args.findSession(engine) !== NO_SESSION) existing++;
    reply.integer(existing);
  },
};
