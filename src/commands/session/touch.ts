import { sessionCommand } from '../declaration/session-command.js';
import { hasManyTokens, TOKENS } from './grammar.js';

export const sessionTouch = sessionCommand({
  name: 'session.touch',
  summary: 'Restarts the durations of sessions that have a pending deadline.',
  complexity: 'O(N), where N is the number of tokens',
  group: 'session',
  flags: ['write', 'fast'],
  arity: -2,
  arguments: [TOKENS],
  reply: 'the number of sessions whose duration was restarted',
  inSteps: hasManyTokens,
  ask: (store, args) => store.touch(args.rest()),
  write: (reply, touched) => reply.integer(touched),
});
