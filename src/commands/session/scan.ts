import { readScan } from '../arguments/scan-arguments.js';
import { sessionCommand } from '../declaration/session-command.js';

export const sessionScan = sessionCommand({
  name: 'session.scan',
  summary: 'Iterates over all sessions.',
  complexity: 'O(COUNT) for each call, O(N) for a complete iteration, where N is the number of sessions',
  group: 'session',
  // Tokens are credentials: a client that may list them can use every session.
  flags: ['readonly', 'admin'],
  arity: -2,
  arguments: [
    { name: 'cursor', type: 'integer' },
    { name: 'name-pattern', type: 'pattern', token: 'MATCH', optional: true },
    { name: 'count', type: 'integer', token: 'COUNT', optional: true },
  ],
  reply: '[next cursor, [token, name, …]]; the cursor is 0 at the end',
  inSteps: true,
  ask: (store, args) => store.scan(readScan(args, false)),
  write(reply, { cursor, items }) {
    reply.array(2);
    reply.bulk(String(cursor));
    reply.array(items.length * 2);
    for (const { token, name } of items) {
      reply.bulk(token);
      reply.bulk(name);
    }
  },
});
