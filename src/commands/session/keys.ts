import type { Command } from '../declaration/command.js';
import { TOKEN } from './grammar.js';

export const sessionKeys: Command = {
  name: 'session.keys',
  summary: 'Returns all keys in a session, without values. Does not extend the session.',
  complexity: 'O(N), where N is the number of keys',
  group: 'session-data',
  flags: ['readonly'],
  arity: 2,
  arguments: [TOKEN],
  reply: 'array of keys',
  run({ engine, reply }, args) {
    const session = args.session(engine);
    reply.array(engine.data.count(session));
    engine.data.forEachKey(session, (key) => reply.bulk(key));
  },
};
