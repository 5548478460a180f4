import type { Command } from '../declaration/command.js';
import { KEYS, TOKEN } from './grammar.js';

export const sessionMget: Command = {
  name: 'session.mget',
  summary: 'Returns the values of keys in a session.',
  complexity: 'O(N), where N is the number of keys',
  group: 'session-data',
  flags: ['readonly', 'fast'],
  arity: -3,
  arguments: [TOKEN, KEYS],
  reply: 'array of values, with null for each missing key',
  run({ engine, reply }, args) {
    const session = args.session(engine);
    reply.array(args.left);
    engine.data.getMany(session, args.rest(), (value) => reply.bulkOrNull(value));
  },
};
