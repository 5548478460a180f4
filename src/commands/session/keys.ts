import { sessionCommand } from '../declaration/session-command.js';
import { TOKEN } from './grammar.js';

export const sessionKeys = sessionCommand({
  name: 'session.keys',
  summary: 'Returns all keys in a session, without values. Does not extend the session.',
  complexity: 'O(N), where N is the number of keys',
  group: 'session-data',
  flags: ['readonly'],
  arity: 2,
  arguments: [TOKEN],
  reply: 'array of keys',
  ask: (store, args) => store.keys(args.slice()),
  write(reply, keys) {
    reply.array(keys.size);
    keys.forEach((key) => {
      reply.bulk(key);
    });
  },
});
