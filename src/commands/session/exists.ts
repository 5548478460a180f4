import { NO_SESSION } from '../../engine/index.js';
import type { Command } from '../declaration/command.js';
import { TOKENS } from './grammar.js';

export const sessionExists: Command = {
  name: 'session.exists',
  summary: 'Counts which of the tokens are those of live sessions.',
  complexity: 'O(N) with N tokens',
  group: 'session',
  flags: ['readonly', 'fast'],
  arity: -2,
  arguments: [TOKENS],
  reply: 'how many exist; a token given twice counts twice',
  run({ engine, reply }, args) {
    let existing = 0;
    while (args.left > 0) if (args.findSession(engine) !== NO_SESSION) existing++;
    reply.integer(existing);
  },
};
