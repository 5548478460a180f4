import { sessionCommand } from '../declaration/session-command.js';
import { KEYS, TOKEN } from './grammar.js';

export const sessionKeypersist = sessionCommand({
  name: 'session.keypersist',
  summary: 'Removes the durations of keys in a session, so that they last as long as the session.',
  complexity: 'O(N), where N is the number of keys',
  group: 'session-data',
  flags: ['write', 'fast'],
  arity: -3,
  arguments: [TOKEN, KEYS],
  reply: 'the number of keys that had a duration',
  ask: (store, args, isUse) => store.persistKeys(args.slice(), args.rest(), isUse),
  write: (reply, persisted) => reply.integer(persisted),
});
