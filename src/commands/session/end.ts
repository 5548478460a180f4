import { sessionCommand } from '../declaration/session-command.js';
import { TOKENS } from './grammar.js';

export const sessionEnd = sessionCommand({
  name: 'session.end',
  summary: 'Ends sessions. They and their data are gone when the reply is sent.',
  complexity: 'O(N), where N is the number of tokens; if N is large, other commands run in between',
  group: 'session',
  flags: ['write', 'fast'],
  arity: -2,
  arguments: [TOKENS],
  reply: 'the number of sessions ended',
  inSteps: (request) => request.length > 2,
  ask(store, args) {
    if (args.left === 1) return store.end(args.slice());
    args.own();
    return store.endMany(args.rest());
  },
  write: (reply, ended) => reply.integer(Number(ended)),
});
