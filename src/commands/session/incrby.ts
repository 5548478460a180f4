import type { Argument } from '../declaration/command.js';
import { sessionCommand } from '../declaration/session-command.js';
import { KEY, TOKEN } from './grammar.js';

const INCREMENT = { name: 'increment', type: 'integer' } as const satisfies Argument;

export const sessionIncrby = sessionCommand({
  name: 'session.incrby',
  summary: 'Increments the integer value of a key. A missing key counts as 0.',
  complexity: 'O(1)',
  group: 'session-data',
  flags: ['write', 'denyoom', 'fast'],
  arity: 4,
  arguments: [TOKEN, KEY, INCREMENT],
  reply: 'the new value',
  ask: (store, args, isUse) => store.increment(args.slice(), args.slice(), args.int64(INCREMENT), isUse),
  write: (reply, sum) => reply.integer(sum),
});
