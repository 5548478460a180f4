import { sessionCommand } from '../declaration/session-command.js';
import { PAIRS, TOKEN } from './grammar.js';

export const sessionClearset = sessionCommand({
  name: 'session.clearset',
  summary: 'Atomically replaces all data of a session with the given keys and values.',
  complexity: 'O(N), where N is the number of keys removed and set',
  group: 'session-data',
  flags: ['write', 'denyoom'],
  arity: -4,
  pairs: true,
  arguments: [TOKEN, PAIRS],
  reply: 'the number of keys removed',
  ask: (store, args, isUse) => store.replace(args.slice(), args.pairs(), isUse),
  write: (reply, cleared) => reply.integer(cleared),
});
