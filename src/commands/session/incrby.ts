import type { Argument, Command } from '../declaration/command.js';
import { KEY, TOKEN } from './grammar.js';

const INCREMENT = { name: 'increment', type: 'integer' } as const satisfies Argument;

export const sessionIncrby: Command = {
  name: 'session.incrby',
  summary: 'Increments the integer value of a key. A missing key counts as 0.',
  complexity: 'O(1)',
  group: 'session-data',
  flags: ['write', 'denyoom', 'fast'],
  arity: 4,
  arguments: [TOKEN, KEY, INCREMENT],
  reply: 'the new value',
  run({ engine, reply }, args) {
    const session = args.session(engine);
    reply.integer(engine.data.increment(session, args.slice(), args.int64(INCREMENT)));
  },
};
