import { NO_SESSION } from '../../engine/index.js';
import type { Command } from '../declaration/command.js';
import { draw, drawOne, readDraw, visitAt } from '../keys/draws.js';
import { KEY } from '../keys/grammar.js';
import { readKind } from '../keys/lookup.js';

export const srandmember: Command = {
  name: 'srandmember',
  summary: 'Returns random members of a set. With a negative count, members may repeat.',
  complexity: 'O(N), where N is the number of members returned',
  group: 'set',
  flags: ['readonly'],
  arity: -2,
  arguments: [KEY, { name: 'count', type: 'integer', optional: true }],
  reply: 'a member, or null; with a count, array of members',
  run(context, args) {
    const { client, engine, reply } = context;
    const key = args.key(client);
    const drawn = readDraw(args);
    const session = readKind(context, key, 'set');
    if (session === NO_SESSION) {
      if (drawn === undefined) reply.null();
      else reply.array(0);
      return;
    }
    const { data } = engine;
    const length = data.count(session);
    const places = drawn === undefined ? [drawOne(length)] : draw(length, drawn.count);
    if (drawn !== undefined) reply.array(places.length);
    data.read(session);
    visitAt(data, session, places, false, (member) => reply.bulk(member));
  },
};
