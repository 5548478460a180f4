import type { Command } from '../declaration/command.js';
import { KEY, TOKEN } from './grammar.js';

export const sessionIncrby: Command = {
  name: 'session.incrby',
  summary: 'Increments the integer value of a key. A missing key counts as 0.',
  complexity: 'O(1)',
  group: 'session-data',
  flags: ['write', 'denyoom', 'fast'],
  arity: 4,
  arguments: [TOKEN, KEY, { name: 'increment', type: 'integer' }],
  reply: 'the new value',
  run({ engine, reply }, args) {
    const session = args.session(engine);
    reply.integer(engine.data.increment(session, args.slice(), args.int64({ name: 'increment' })));
  },
};
