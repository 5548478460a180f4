import { sessionCommand } from '../declaration/session-command.js';
import { PAIRS, TOKEN } from './grammar.js';

export const sessionSet = sessionCommand({
  name: 'session.set',
  summary: 'Sets keys in a session, overwriting existing values.',
  complexity: 'O(N), where N is the number of keys',
  group: 'session-data',
  flags: ['write', 'denyoom', 'fast'],
  arity: -4,
  pairs: true,
  arguments: [TOKEN, PAIRS],
  reply: 'OK',
  ask: (store, args, isUse) => store.set(args.slice(), args.pairs(), isUse),
  write: (reply) => reply.ok(),
});
