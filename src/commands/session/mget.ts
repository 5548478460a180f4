import type { Command } from '../declaration/command.js';
import { KEYS, TOKEN } from './grammar.js';

export const sessionMget: Command = {
  name: 'session.mget',
  summary: 'Returns the values of several keys.',
  complexity: 'O(N) with N keys',
  group: 'session-data',
  flags: ['readonly', 'fast'],
  arity: -3,
  arguments: [TOKEN, KEYS],
  reply: 'array of values, null where missing',
  run({ engine, reply }, args) {
    const session = args.session(engine);
    reply.array(args.left);
    engine.data.getMany(session, args.rest(), (value) => reply.bulkOrNull(value));
  },
};
