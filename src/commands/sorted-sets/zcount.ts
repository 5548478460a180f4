import { NO_SESSION } from '../../engine/index.js';
import type { Argument, Command } from '../declaration/command.js';
import { KEY } from '../keys/grammar.js';
import { readKind } from '../keys/lookup.js';
import { GREATEST, LEAST, MAX, MIN } from './grammar.js';
import { type RangeType, readRange } from './member-range.js';

// ZCOUNT and ZLEXCOUNT.

function counting(name: string, summary: string, type: RangeType, bounds: readonly Argument[]): Command {
  return {
    name,
    summary,
    complexity: 'O(log N), where N is the number of members',
    group: 'sorted-set',
    flags: ['readonly', 'fast'],
    arity: 4,
    arguments: [KEY, ...bounds],
    reply: 'the number of members in the range',
    run(context, args) {
      const { client, engine, reply } = context;
      const key = args.key(client);
      const range = readRange(args, type);
      const session = readKind(context, key, 'zset');
      if (session === NO_SESSION) {
        reply.integer(0);
        return;
      }
      engine.data.read(session);
      const { from, end } = range(engine.data.peekOrder(session));
      reply.integer(Math.max(0, end - from));
    },
  };
}

export const zcount = counting('zcount', 'Returns how many members of a sorted set have a score in a range.', 'score', [
  MIN,
  MAX,
]);
export const zlexcount = counting(
  'zlexcount',
  'Returns how many members of a sorted set are in a range of their bytes. Use it only if all members have the same score.',
  'lex',
  [LEAST, GREATEST],
);
