import { sessionCommand } from '../declaration/session-command.js';
import { hasManyTokens, TOKENS } from './grammar.js';

export const sessionExists = sessionCommand({
  name: 'session.exists',
  summary: 'Returns how many of the given sessions exist.',
  complexity: 'O(N), where N is the number of tokens',
  group: 'session',
  flags: ['readonly', 'fast'],
  arity: -2,
  arguments: [TOKENS],
  reply: 'the number of sessions that exist; a token given twice counts twice',
  inSteps: hasManyTokens,
  ask: (store, args) => store.has(args.rest()),
  write: (reply, there) => reply.integer(there.filter(Boolean).length),
});
