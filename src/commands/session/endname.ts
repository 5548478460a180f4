import { sessionCommand } from '../declaration/session-command.js';
import { NAME } from './grammar.js';

export const sessionEndname = sessionCommand({
  name: 'session.endname',
  summary: 'Ends all sessions with a name ("log out everywhere").',
  complexity: 'O(N), where N is the number of sessions with the name; if N is large, other commands run in between',
  group: 'session',
  flags: ['write'],
  arity: 2,
  arguments: [NAME],
  reply: 'the number of sessions ended',
  inSteps: true,
  ask: (store, args) => store.endName(args.slice()),
  write: (reply, ended) => reply.integer(ended),
});
