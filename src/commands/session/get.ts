import { sessionCommand } from '../declaration/session-command.js';
import { KEY, TOKEN } from './grammar.js';

export const sessionGet = sessionCommand({
  name: 'session.get',
  summary: 'Returns the value of a key in a session.',
  complexity: 'O(1)',
  group: 'session-data',
  flags: ['readonly', 'fast'],
  arity: 3,
  arguments: [TOKEN, KEY],
  reply: 'the value, or null',
  ask: (store, args, isUse) => store.get(args.slice(), args.slice(), isUse),
  write: (reply, value) => reply.bulkOrNull(value),
});
