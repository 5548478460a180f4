import { sessionCommand } from '../declaration/session-command.js';
import { hasManyTokens, TOKENS } from './grammar.js';

export const sessionMexists = sessionCommand({
  name: 'session.mexists',
  summary: 'Returns whether each of the given sessions exists.',
  complexity: 'O(N), where N is the number of tokens',
  group: 'session',
  flags: ['readonly', 'fast'],
  arity: -2,
  arguments: [TOKENS],
  reply: 'array with 1 or 0 for each token',
  inSteps: hasManyTokens,
  ask: (store, args) => store.has(args.rest()),
  write(reply, there) {
    reply.array(there.length);
    for (const isThere of there) reply.integer(isThere ? 1 : 0);
  },
});
