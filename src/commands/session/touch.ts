import { NO_SESSION } from '../../engine/index.js';
import type { Command } from '../declaration/command.js';
import { TOKENS } from './grammar.js';

export const sessionTouch: Command = {
  name: 'session.touch',
  summary: 'Restarts the durations of sessions that have a pending deadline.',
  complexity: 'O(N), where N is the number of tokens',
  group: 'session',
  flags: ['write', 'fast'],
  arity: -2,
  arguments: [TOKENS],
  reply: 'the number of sessions whose duration was restarted',
  run({ engine, reply }, args) {
    let touched = 0;
    while (args.left > 0) {
      const session = args.findSession(engine);
      if (session !== NO_SESSION && engine.touch(session)) touched++;
    }
    reply.integer(touched);
  },
};
