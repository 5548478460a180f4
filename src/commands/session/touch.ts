import { NO_SESSION } from '../../engine/index.js';
import type { Command } from '../declaration/command.js';
import { TOKENS } from './grammar.js';

export const sessionTouch: Command = {
  name: 'session.touch',
  summary: 'Starts the running durations of sessions again.',
  complexity: 'O(N) with N tokens',
  group: 'session',
  flags: ['write', 'fast'],
  arity: -2,
  arguments: [TOKENS],
  reply: 'how many had their duration started again',
  run({ engine, reply }, args) {
    let touched = 0;
    while (args.left > 0) {
      const session = args.findSession(engine);
      if (session !== NO_SESSION && engine.touch(session)) touched++;
    }
    reply.integer(touched);
  },
};
