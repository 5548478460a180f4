import { sessionCommand } from '../declaration/session-command.js';

export const sessionEndall = sessionCommand({
  name: 'session.endall',
  summary: 'Ends all sessions.',
  complexity: 'O(1), or O(N) with events-stream; the memory of N sessions is freed in O(N), between other commands',
  group: 'session',
  flags: ['write', 'admin'],
  arity: 1,
  arguments: [],
  reply: 'the number of sessions ended',
  inSteps: true,
  ask: (store) => store.endAll(),
  write: (reply, ended) => reply.integer(ended),
});
