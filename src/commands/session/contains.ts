import { sessionCommand } from '../declaration/session-command.js';
import { KEYS, TOKEN } from './grammar.js';

export const sessionContains = sessionCommand({
  name: 'session.contains',
  summary: 'Returns whether a session has each of the given keys. Does not extend the session.',
  complexity: 'O(N), where N is the number of keys',
  group: 'session-data',
  flags: ['readonly', 'fast'],
  arity: -3,
  arguments: [TOKEN, KEYS],
  reply: 'array with 1 or 0 for each key',
  ask: (store, args) => store.contains(args.slice(), args.rest()),
  write(reply, contained) {
    reply.array(contained.length);
    for (const isThere of contained) reply.integer(isThere ? 1 : 0);
  },
});
