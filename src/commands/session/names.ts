import type { Session } from '../../engine/index.js';
import { scanNames } from '../../execution/scan-sessions.js';
import { readScan } from '../arguments/scan-arguments.js';
import type { Command } from '../declaration/command.js';

export const sessionNames: Command = {
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
  run(context, args) {
    const { engine, reply } = context;
    const { matches, ...range } = readScan(args, false);
    const found: { oldest: Session; sessions: number }[] = [];
    const next = scanNames(context, range, (oldest, sessions) => {
      if (matches(engine.nameText(oldest))) found.push({ oldest, sessions });
    });
    reply.array(2);
    reply.bulk(String(next));
    reply.array(found.length * 2);
    for (const { oldest, sessions } of found) {
      reply.bulk(engine.name(oldest));
      reply.integer(sessions);
    }
  },
};
