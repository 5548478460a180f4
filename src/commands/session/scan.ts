import type { Session } from '../../engine/index.js';
import { parseInt64 } from '../../engine/int64.js';
import type { Command } from '../command.js';
import { CommandError, SYNTAX } from '../command-error.js';
import { globMatcher } from '../glob.js';
import { MAX_NAME } from './grammar.js';

const DEFAULT_COUNT = 10;
/**
 * Steps that one call's matching may take at the most. COUNT is cut to what that allows for the longest
 * names and the slowest patterns: 4096 sessions a call with `*`. More would keep the other clients waiting.
 */
const MAX_STEPS = 2 ** 22;

export const sessionScan: Command = {
  name: 'session.scan',
  summary: 'Iterates over the live sessions.',
  complexity: 'O(N) with N = COUNT for every call, O(M) with M sessions for a whole iteration',
  group: 'session',
  // Tokens are credentials: who may list them may be anybody.
  flags: ['readonly', 'admin'],
  arguments: [
    { name: 'cursor', type: 'integer' },
    { name: 'name-pattern', type: 'pattern', token: 'MATCH', optional: true },
    { name: 'count', type: 'integer', token: 'COUNT', optional: true },
  ],
  reply: '[cursor, [token, name, …]]; cursor 0 at the end',
  run({ engine, reply }, args) {
    const cursor = Number(parseInt64(args.bytes()) ?? -1);
    if (!Number.isSafeInteger(cursor) || cursor < 0) throw new CommandError('ERR invalid cursor');
    let pattern = '*';
    let count = DEFAULT_COUNT;
    while (args.left > 0) {
      if (args.choice('MATCH', 'COUNT') === 'MATCH') {
        pattern = args.pattern();
      } else {
        count = Number(args.int64());
        if (count < 1) throw new CommandError(SYNTAX);
      }
    }
    const matches = globMatcher(pattern);
    count = Math.min(count, Math.ceil(MAX_STEPS / (MAX_NAME * (pattern.length + 1))));
    const found: Session[] = [];
    const next = engine.scan(cursor, count, (session) => {
      if (matches(engine.name(session).toString('latin1'))) found.push(session);
    });
    reply.array(2);
    reply.bulk(String(next));
    reply.array(found.length * 2);
    for (const session of found) {
      reply.bulk(engine.token(session));
      reply.bulk(engine.name(session));
    }
  },
};
