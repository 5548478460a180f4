import type { Command } from '../declaration/command.js';
import { TOKEN } from './grammar.js';

export const sessionCount: Command = {
  name: 'session.count',
  summary: 'Returns the number of keys in a session. Does not extend the session.',
  complexity: 'O(1)',
  group: 'session-data',
  flags: ['readonly', 'fast'],
  arity: 2,
  arguments: [TOKEN],
  reply: 'the number of keys',
  run({ engine, reply }, args) {
    const session = args.session(engine);
    reply.integer(engine.data.count(session));
  },
};
