import { readScan } from '../arguments/scan-arguments.js';
import { sessionCommand } from '../declaration/session-command.js';

export const sessionNames = sessionCommand({
  name: 'session.names',
  summary:
    'Iterates over the names that have sessions, with the number of sessions of each. COUNT is a hint, as in SCAN.',
  complexity: 'O(COUNT) for each call, O(N) for a complete iteration, where N is the number of names',
  group: 'session',
  flags: ['readonly'],
  arity: -2,
  arguments: [
    { name: 'cursor', type: 'integer' },
    { name: 'name-pattern', type: 'pattern', token: 'MATCH', optional: true },
    { name: 'count', type: 'integer', token: 'COUNT', optional: true },
  ],
  reply: '[next cursor, [name, number of sessions, …]]; the cursor is 0 at the end',
  inSteps: true,
  ask: (store, args) => store.scanNames(readScan(args, false)),
  write(reply, { cursor, items }) {
    reply.array(2);
    reply.bulk(String(cursor));
    reply.array(items.length * 2);
    for (const { name, sessions } of items) {
      reply.bulk(name);
      reply.integer(sessions);
    }
  },
});
