import { endEach } from '../../execution/end-each.js';
import type { Command } from '../declaration/command.js';
import { TOKENS } from './grammar.js';

export const sessionEnd: Command = {
  name: 'session.end',
  summary: 'Ends sessions: they and their data are gone when the reply is sent.',
  complexity: 'O(N) with N tokens; if N is large, other commands run in between',
  group: 'session',
  flags: ['write', 'fast'],
  arity: -2,
  arguments: [TOKENS],
  reply: 'how many were ended',
  run(context, args) {
    return endEach(context, args, () => args.findSession(context.engine));
  },
};
