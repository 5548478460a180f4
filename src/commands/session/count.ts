import { sessionCommand } from '../declaration/session-command.js';
import { TOKEN } from './grammar.js';

export const sessionCount = sessionCommand({
  name: 'session.count',
  summary: 'Returns the number of keys in a session. Does not extend the session.',
  complexity: 'O(1)',
  group: 'session-data',
  flags: ['readonly', 'fast'],
  arity: 2,
  arguments: [TOKEN],
  reply: 'the number of keys',
  ask: (store, args) => store.count(args.slice()),
  write: (reply, keys) => reply.integer(keys),
});
