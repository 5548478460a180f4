import type { Command } from '../declaration/command.js';
import { TOKEN } from './grammar.js';

export const sessionCount: Command = {
  name: 'session.count',
  summary: 'Counts the keys of a session, without extending it.',
  complexity: 'O(1)',
  group: 'session-data',
  flags: ['readonly', 'fast'],
  arity: 2,
  arguments: [TOKEN],
  reply: 'how many keys it has',
  run({ engine, reply }, args) {
    const session = args.session(engine);
    reply.integer(engine.data.count(session));
  },
};
