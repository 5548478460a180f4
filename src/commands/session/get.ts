import type { Command } from '../declaration/command.js';
import { KEY, TOKEN } from './grammar.js';

export const sessionGet: Command = {
  name: 'session.get',
  summary: 'Returns the value of a key in a session.',
  complexity: 'O(1)',
  group: 'session-data',
  flags: ['readonly', 'fast'],
  arity: 3,
  arguments: [TOKEN, KEY],
  reply: 'the value, or null',
  run({ engine, reply }, args) {
    const session = args.session(engine);
    reply.bulkOrNull(engine.data.get(session, args.slice()));
  },
};
