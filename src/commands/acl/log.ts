import { parseInteger } from '../../engine/fields/int64.js';
import { NOT_AN_INTEGER } from '../../errors.js';
import type { Command } from '../declaration/command.js';

const DEFAULT_COUNT = 10;
const MOST = 2 ** 31 - 1;

export const log: Command = {
  name: 'log',
  summary: 'Returns the latest failed logins and refused commands, or clears the list.',
  complexity: 'O(N), where N is the number of entries',
  group: 'server',
  flags: ['admin', 'loading', 'stale', 'noscript'],
  arity: -2,
  arguments: [
    {
      name: 'operation',
      type: 'oneof',
      optional: true,
      arguments: [
        { name: 'count', type: 'integer' },
        { name: 'reset', type: 'pure-token', token: 'RESET' },
      ],
    },
  ],
  reply:
    'array of maps, latest first: count, reason (auth, command), context (toplevel, multi), object, username, age-seconds, client-info, entry-id, timestamp-created and timestamp-last-updated (unix ms); OK for RESET',
  run({ reply, server }, args) {
    const given = args.left > 0 ? args.slice() : undefined;
    args.endOfSubcommand();
    if (given?.latin1().toLowerCase() === 'reset') {
      server.aclLog.clear();
      reply.ok();
      return;
    }
    const count = given === undefined ? DEFAULT_COUNT : parseInteger(given);
    if (!(Math.abs(count) <= MOST)) throw NOT_AN_INTEGER;
    const entries = server.aclLog.latest(Math.max(0, count));
    const now = server.clock.wall();
    reply.array(entries.length);
    for (const { id, count: times, reason, context, object, username, client, createdAt, updatedAt } of entries) {
      reply.map(10);
      reply.bulk('count');
      reply.integer(times);
      for (const [name, value] of Object.entries({ reason, context, object, username })) {
        reply.bulk(name);
        reply.bulk(value);
      }
      reply.bulk('age-seconds');
      reply.double(Math.max(0, now - createdAt) / 1000);
      reply.bulk('client-info');
      reply.bulk(client);
      const numbers = {
        'entry-id': id,
        'timestamp-created': Math.floor(createdAt),
        'timestamp-last-updated': Math.floor(updatedAt),
      };
      for (const [name, value] of Object.entries(numbers)) {
        reply.bulk(name);
        reply.integer(value);
      }
    }
  },
};
