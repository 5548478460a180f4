import type { Command } from '../declaration/command.js';
import { KEY, TOKEN } from './grammar.js';

export const sessionAppend: Command = {
  name: 'session.append',
  summary: 'Adds bytes at the end of the value of a key.',
  complexity: 'O(N) with N bytes',
  group: 'session-data',
  flags: ['write', 'denyoom', 'fast'],
  arity: 4,
  arguments: [TOKEN, KEY, { name: 'value', type: 'string' }],
  reply: 'length in bytes after it',
  run({ engine, reply }, args) {
    const session = args.session(engine);
    reply.integer(engine.data.append(session, args.slice(), args.slice()));
  },
};
