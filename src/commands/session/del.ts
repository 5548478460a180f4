import { sessionCommand } from '../declaration/session-command.js';
import { KEYS, TOKEN } from './grammar.js';

export const sessionDel = sessionCommand({
  name: 'session.del',
  summary: 'Removes keys from a session.',
  complexity: 'O(N), where N is the number of keys',
  group: 'session-data',
  flags: ['write', 'fast'],
  arity: -3,
  arguments: [TOKEN, KEYS],
  reply: 'the number of keys removed',
  ask: (store, args, isUse) => store.delete(args.slice(), args.rest(), isUse),
  write: (reply, deleted) => reply.integer(deleted),
});
