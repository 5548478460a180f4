import { NO_SESSION } from '../../engine/index.js';
import type { Command } from '../declaration/command.js';
import { TOKENS } from './grammar.js';

export const sessionEnd: Command = {
  name: 'session.end',
  summary: 'Ends sessions: they and their data are gone when the reply is sent.',
  complexity: 'O(N) with N tokens',
  group: 'session',
  flags: ['write', 'fast'],
  arity: -2,
  arguments: [TOKENS],
  reply: 'how many were ended',
  run({ engine, reply }, args) {
    let ended = 0;
    while (args.left > 0) {
      const session = args.findSession(engine);
      if (session === NO_SESSION) continue;
      engine.end(session);
      ended++;
    }
    reply.integer(ended);
  },
};
