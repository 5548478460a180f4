import { sessionCommand } from '../declaration/session-command.js';
import { KEY, TOKEN } from './grammar.js';

export const sessionAppend = sessionCommand({
  name: 'session.append',
  summary: 'Appends bytes to the value of a key. Creates the key if it does not exist.',
  complexity: 'O(N), where N is the number of bytes appended',
  group: 'session-data',
  flags: ['write', 'denyoom', 'fast'],
  arity: 4,
  arguments: [TOKEN, KEY, { name: 'value', type: 'string' }],
  reply: 'the new length in bytes',
  ask: (store, args, isUse) => store.append(args.slice(), args.slice(), args.slice(), isUse),
  write: (reply, length) => reply.integer(length),
});
