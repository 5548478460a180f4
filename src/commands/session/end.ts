import type { Session } from '../../engine/index.js';
import type { Context } from '../../execution/context/context.js';
import { endEach } from '../../execution/end-each.js';
import type { Arguments } from '../arguments/arguments.js';
import type { Command } from '../declaration/command.js';
import { TOKENS } from './grammar.js';

export const sessionEnd: Command = {
  name: 'session.end',
  summary: 'Ends sessions. They and their data are gone when the reply is sent.',
  complexity: 'O(N), where N is the number of tokens; if N is large, other commands run in between',
  group: 'session',
  flags: ['write', 'fast'],
  arity: -2,
  arguments: [TOKENS],
  reply: 'the number of sessions ended',
  run(context, args) {
    return endEach(context, args, nextSession);
  },
};

function nextSession({ engine }: Context, args: Arguments): Session {
  return args.findSession(engine);
}
