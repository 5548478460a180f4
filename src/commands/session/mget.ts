import { sessionCommand } from '../declaration/session-command.js';
import { KEYS, TOKEN } from './grammar.js';

export const sessionMget = sessionCommand({
  name: 'session.mget',
  summary: 'Returns the values of keys in a session.',
  complexity: 'O(N), where N is the number of keys',
  group: 'session-data',
  flags: ['readonly', 'fast'],
  arity: -3,
  arguments: [TOKEN, KEYS],
  reply: 'array of values, with null for each missing key',
  ask: (store, args, isUse) => store.getMany(args.slice(), args.rest(), isUse),
  write(reply, values) {
    reply.array(values.length);
    values.forEach((value) => {
      reply.bulkOrNull(value);
    });
  },
});
