import type { Command } from '../declaration/command.js';
import { TOKEN } from './grammar.js';

export const sessionClear: Command = {
  name: 'session.clear',
  summary: 'Removes all keys from a session, but keeps the session.',
  complexity: 'O(N), where N is the number of keys',
  group: 'session-data',
  flags: ['write'],
  arity: 2,
  arguments: [TOKEN],
  reply: 'the number of keys removed',
  run({ engine, reply }, args) {
    const session = args.session(engine);
    reply.integer(engine.data.clear(session));
  },
};
