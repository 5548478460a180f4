import type { Command } from '../declaration/command.js';
import { PAIRS, TOKEN } from './grammar.js';

export const sessionSet: Command = {
  name: 'session.set',
  summary: 'Sets keys in a session, overwriting existing values.',
  complexity: 'O(N), where N is the number of keys',
  group: 'session-data',
  flags: ['write', 'denyoom', 'fast'],
  arity: -4,
  pairs: true,
  arguments: [TOKEN, PAIRS],
  reply: 'OK',
  run({ engine, reply }, args) {
    const session = args.session(engine);
    engine.data.set(session, args.pairs());
    reply.ok();
  },
};
