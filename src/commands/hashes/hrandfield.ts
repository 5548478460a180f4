import { NO_SESSION } from '../../engine/index.js';
import type { Command } from '../declaration/command.js';
import { draw, drawOne, readDraw, visitAt } from '../keys/draws.js';
import { KEY } from '../keys/grammar.js';
import { readHash } from '../keys/lookup.js';

export const hrandfield: Command = {
  name: 'hrandfield',
  summary: 'Returns random fields of a hash. With a negative count, fields may repeat.',
  complexity: 'O(N), where N is the number of fields returned',
  group: 'hash',
  flags: ['readonly'],
  arity: -2,
  arguments: [
    KEY,
    {
      name: 'options',
      type: 'block',
      optional: true,
      arguments: [
        { name: 'count', type: 'integer' },
        { name: 'withvalues', type: 'pure-token', token: 'WITHVALUES', optional: true },
      ],
    },
  ],
  reply: 'a field, or null; with a count, array of fields or of fields and values',
  run(context, args) {
    const { client, engine, reply } = context;
    const key = args.key(client);
    const drawn = readDraw(args, 'WITHVALUES');
    const session = readHash(context, key);
    if (session === NO_SESSION) {
      if (drawn === undefined) reply.null();
      else reply.array(0);
      return;
    }
    const { data } = engine;
    const length = data.count(session);
    if (drawn === undefined) {
      data.read(session);
      reply.bulk(data.keyAt(session, drawOne(length)));
      return;
    }
    const { count, withValues } = drawn;
    const places = draw(length, count);
    const isNested = withValues && reply.protocol === 3;
    reply.array(withValues && !isNested ? 2 * places.length : places.length);
    data.read(session);
    visitAt(data, session, places, withValues, (field, value) => {
      if (isNested) reply.array(2);
      reply.bulk(field);
      if (withValues) reply.bulk(value);
    });
  },
};
