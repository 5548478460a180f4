import type { Command } from '../declaration/command.js';
import { KEYS, TOKEN } from './grammar.js';

export const sessionDel: Command = {
  name: 'session.del',
  summary: 'Removes keys from a session.',
  complexity: 'O(N), where N is the number of keys',
  group: 'session-data',
  flags: ['write', 'fast'],
  arity: -3,
  arguments: [TOKEN, KEYS],
  reply: 'the number of keys removed',
  run({ engine, reply }, args) {
    const session = args.session(engine);
    reply.integer(engine.data.delete(session, args.rest()));
  },
};
