import { sessionCommand } from '../declaration/session-command.js';
import { NAME } from './grammar.js';

export const sessionOpen = sessionCommand({
  name: 'session.open',
  summary: 'Returns the token of the shared session with a name.',
  complexity: 'O(1); O(N) if no session with the name is shared, where N is their number',
  group: 'session',
  flags: ['readonly', 'fast'],
  arity: 2,
  arguments: [NAME],
  reply: 'the token; an error if there is no such session',
  ask: (store, args) => store.open(args.slice()),
  write: (reply, token) => reply.bulk(token),
});
