import { parseScore } from '../../engine/fields/scores.js';
import { NO_SESSION } from '../../engine/index.js';
import type { Command } from '../declaration/command.js';
import { draw, drawOne, readDraw, visitAt } from '../keys/draws.js';
import { KEY } from '../keys/grammar.js';
import { readKind } from '../keys/lookup.js';
import { WITHSCORES } from './grammar.js';
import { writeScore } from './score.js';

export const zrandmember: Command = {
  name: 'zrandmember',
  summary: 'Returns random members of a sorted set. With a negative count, members may repeat.',
  complexity: 'O(N), where N is the number of members returned',
  group: 'sorted-set',
  flags: ['readonly'],
  arity: -2,
  arguments: [
    KEY,
    {
      name: 'options',
      type: 'block',
      optional: true,
      arguments: [{ name: 'count', type: 'integer' }, WITHSCORES],
    },
  ],
  reply: 'a member, or null; with a count, array of members or of members and scores',
  run(context, args) {
    const { client, engine, reply } = context;
    const key = args.key(client);
    const drawn = readDraw(args, 'WITHSCORES');
    const session = readKind(context, key, 'zset');
    if (session === NO_SESSION) {
      if (drawn === undefined) reply.null();
      else reply.array(0);
      return;
    }
    const { data } = engine;
    const length = data.count(session);
    data.read(session);
    if (drawn === undefined) {
      reply.bulk(data.keyAt(session, drawOne(length)));
      return;
    }
    const { count, withValues } = drawn;
    const places = draw(length, count);
    const isNested = withValues && reply.protocol === 3;
    reply.array(withValues && !isNested ? 2 * places.length : places.length);
    visitAt(data, session, places, withValues, (member, value) => {
      if (isNested) reply.array(2);
      reply.bulk(member);
      if (withValues) writeScore(reply, parseScore(value));
    });
  },
};
