import { NO_SESSION } from '../../engine/index.js';
import { SYNTAX } from '../../errors.js';
import { writeScoreOrNull } from '../arguments/score.js';
import type { Command } from '../declaration/command.js';
import { KEY, MEMBER } from '../keys/grammar.js';
import { readKind } from '../keys/lookup.js';

// ZRANK and ZREVRANK.

function ranking(name: string, summary: string, isReversed: boolean): Command {
  return {
    name,
    summary,
    complexity: 'O(log N), where N is the number of members',
    group: 'sorted-set',
    flags: ['readonly', 'fast'],
    arity: -3,
    arguments: [KEY, MEMBER, { name: 'withscore', type: 'pure-token', token: 'WITHSCORE', optional: true }],
    reply: 'the rank, from 0 on, or null; with WITHSCORE, array of rank and score, or null',
    run(context, args) {
      const { client, engine, reply } = context;
      const key = args.key(client);
      const member = args.slice();
      if (args.left > 1) throw SYNTAX;
      const withScore = args.left === 1 && args.choice('WITHSCORE') === 'WITHSCORE';
      const session = readKind(context, key, 'zset');
      if (session !== NO_SESSION) engine.data.read(session);
      const order = session === NO_SESSION ? undefined : engine.data.peekOrder(session);
      const rank = order?.rankOf(member) ?? -1;
      if (order === undefined || rank < 0) {
        if (withScore) reply.nullArray();
        else reply.null();
        return;
      }
      if (withScore) reply.array(2);
      reply.integer(isReversed ? order.count - 1 - rank : rank);
      if (withScore) writeScoreOrNull(reply, engine.data.peekScore(session, member));
    },
  };
}

export const zrank = ranking('zrank', 'Returns the rank of a member of a sorted set, from the lowest score on.', false);
export const zrevrank = ranking(
  'zrevrank',
  'Returns the rank of a member of a sorted set, from the highest score on.',
  true,
);
