import type { Session } from '../../engine/index.js';
import { scanSessions } from '../../execution/scan-sessions.js';
import { readScan } from '../arguments/scan-arguments.js';
import type { Command } from '../declaration/command.js';

export const sessionScan: Command = {
  name: 'session.scan',
  summary: 'Iterates over the live sessions.',
  complexity: 'O(N) with N = COUNT for every call, O(M) with M sessions for a whole iteration',
  group: 'session',
  // Tokens are credentials: who may list them may be anybody.
  flags: ['readonly', 'admin'],
  arity: -2,
  arguments: [
    { name: 'cursor', type: 'integer' },
    { name: 'name-pattern', type: 'pattern', token: 'MATCH', optional: true },
    { name: 'count', type: 'integer', token: 'COUNT', optional: true },
  ],
  reply: '[cursor, [token, name, …]]; cursor 0 at the end',
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
