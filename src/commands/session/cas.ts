import { sessionCommand } from '../declaration/session-command.js';
import { KEY, TOKEN } from './grammar.js';

export const sessionCas = sessionCommand({
  name: 'session.cas',
  summary: 'Sets a key to a new value only if its current value is the given old one (compare-and-set).',
  complexity: 'O(1)',
  group: 'session-data',
  flags: ['write', 'denyoom', 'fast'],
  arity: 5,
  arguments: [TOKEN, KEY, { name: 'old', type: 'string' }, { name: 'new', type: 'string' }],
  reply: '1 if the value was `old` and is now `new`, 0 otherwise',
  ask: (store, args, isUse) => store.compareAndSet(args.slice(), args.slice(), args.slice(), args.slice(), isUse),
  write: (reply, isSet) => reply.integer(isSet ? 1 : 0),
});
