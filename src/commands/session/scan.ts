import type { Session } from '../../engine/index.js';
import { scanSessions } from '../../execution/scan-sessions.js';
import { readScan } from '../arguments/scan-arguments.js';
import type { Command } from '../declaration/command.js';

export const sessionScan: Command = {
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
  run(context, args) {
    const { engine, reply } = context;
    const { matches, ...range } = readScan(args, false);
    const found: Session[] = [];
    const next = scanSessions(context, range, (session) => {
      if (matches(engine.nameText(session))) found.push(session);
    });
    reply.array(2);
    reply.bulk(String(next));
    reply.array(found.length * 2);
    for (const session of found) {
      reply.bulk(engine.tokenBytes(session));
      reply.bulk(engine.name(session));
    }
  },
};
