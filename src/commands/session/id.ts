import { sessionCommand } from '../declaration/session-command.js';
import { TOKEN } from './grammar.js';

export const sessionId = sessionCommand({
  name: 'session.id',
  summary:
    'Returns the public id of a session, which identifies it among the sessions with its name and opens nothing. Does not extend the session.',
  complexity: 'O(1)',
  group: 'session',
  flags: ['readonly', 'fast'],
  arity: 2,
  arguments: [TOKEN],
  reply: 'the id: 11 characters of base64url',
  ask: (store, args) => store.id(args.slice()),
  write: (reply, id) => reply.latin1(id),
});
