import { sessionCommand } from '../declaration/session-command.js';
import { TOKEN } from './grammar.js';

export const sessionGetall = sessionCommand({
  name: 'session.getall',
  summary: 'Returns all keys and values in a session.',
  complexity: 'O(N), where N is the number of keys',
  group: 'session-data',
  flags: ['readonly'],
  arity: 2,
  arguments: [TOKEN],
  reply: 'map from keys to values',
  ask: (store, args, isUse) => store.getAll(args.slice(), isUse),
  write(reply, fields) {
    reply.map(fields.size);
    fields.forEach((key, value) => {
      reply.bulk(key);
      reply.bulk(value);
    });
  },
});
