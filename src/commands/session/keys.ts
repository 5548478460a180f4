import type { Command } from '../declaration/command.js';
import { TOKEN } from './grammar.js';

export const sessionKeys: Command = {
  name: 'session.keys',
  summary: 'Lists the keys of a session, without extending it.',
  complexity: 'O(N) with N keys',
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
