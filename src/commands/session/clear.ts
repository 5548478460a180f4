import { sessionCommand } from '../declaration/session-command.js';
import { TOKEN } from './grammar.js';

export const sessionClear = sessionCommand({
  name: 'session.clear',
  summary: 'Removes all keys from a session, but keeps the session.',
  complexity: 'O(N), where N is the number of keys',
  group: 'session-data',
  flags: ['write'],
  arity: 2,
  arguments: [TOKEN],
  reply: 'the number of keys removed',
  ask: (store, args, isUse) => store.clear(args.slice(), isUse),
  write: (reply, cleared) => reply.integer(cleared),
});
