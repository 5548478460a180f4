import { NO_SESSION } from '../../engine/index.js';
import type { Command } from '../declaration/command.js';
import { KEY } from '../keys/grammar.js';
import { readHash } from '../keys/lookup.js';

export const hgetall: Command = {
  name: 'hgetall',
  summary: 'Returns all fields and values in a hash.',
  complexity: 'O(N), where N is the number of fields',
  group: 'hash',
  flags: ['readonly'],
  arity: 2,
  arguments: [KEY],
  reply: 'map from fields to values',
  run(context, args) {
    const { engine, reply } = context;
    const session = readHash(context, args.key(context.client));
    reply.map(session === NO_SESSION ? 0 : engine.data.count(session));
    if (session === NO_SESSION) return;
    engine.data.forEach(session, (field, value) => {
      reply.bulk(field);
      reply.bulk(value);
    });
  },
};
