import type { Command } from '../declaration/command.js';
import { KEY, TOKEN } from './grammar.js';

export const sessionAppend: Command = {
  name: 'session.append',
  summary: 'Appends bytes to the value of a key. Creates the key if it does not exist.',
  complexity: 'O(N), where N is the number of bytes appended',
  group: 'session-data',
  flags: ['write', 'denyoom', 'fast'],
  arity: 4,
  arguments: [TOKEN, KEY, { name: 'value', type: 'string' }],
  reply: 'the new length in bytes',
  run({ engine, reply }, args) {
    const session = args.session(engine);
    reply.integer(engine.data.append(session, args.slice(), args.slice()));
  },
};
