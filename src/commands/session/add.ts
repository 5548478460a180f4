import { sessionCommand } from '../declaration/session-command.js';
import { PAIRS, TOKEN } from './grammar.js';

export const sessionAdd = sessionCommand({
  name: 'session.add',
  summary: 'Sets only the keys that a session does not have yet.',
  complexity: 'O(N), where N is the number of keys',
  group: 'session-data',
  flags: ['write', 'denyoom', 'fast'],
  arity: -4,
  pairs: true,
  arguments: [TOKEN, PAIRS],
  reply: 'the number of keys added; existing keys keep their values',
  ask: (store, args, isUse) => store.add(args.slice(), args.pairs(), isUse),
  write: (reply, added) => reply.integer(added),
});
