import type { Command } from '../declaration/command.js';
import { TOKEN } from './grammar.js';

export const sessionGetall: Command = {
  name: 'session.getall',
  summary: 'Returns all keys and values in a session.',
  complexity: 'O(N), where N is the number of keys',
  group: 'session-data',
  flags: ['readonly'],
  arity: 2,
  arguments: [TOKEN],
  reply: 'map from keys to values',
  run({ engine, reply }, args) {
    const session = args.session(engine);
    reply.map(engine.data.count(session));
    engine.data.forEach(session, (key, value) => {
      reply.bulk(key);
      reply.bulk(value);
    });
  },
};
