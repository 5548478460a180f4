import type { Command } from '../declaration/command.js';
import { TOKEN } from './grammar.js';

export const sessionClear: Command = {
  name: 'session.clear',
  summary: 'Removes all keys of a session; the session stays.',
  complexity: 'O(N) with N keys',
  group: 'session-data',
  flags: ['write'],
  arity: 2,
  arguments: [TOKEN],
  reply: 'how many keys were removed',
  run({ engine, reply }, args) {
    const session = args.session(engine);
    reply.integer(engine.data.clear(session));
  },
};
