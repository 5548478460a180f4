import { NO_SESSION } from '../../engine/index.js';
import type { Command } from '../declaration/command.js';
import { KEYS } from '../keys/grammar.js';
import { readKey } from '../keys/lookup.js';

export const mget: Command = {
  name: 'mget',
  summary: 'Returns the values of string keys.',
  complexity: 'O(N), where N is the number of keys',
  group: 'string',
  flags: ['readonly', 'fast'],
  arity: -2,
  arguments: [KEYS],
  reply: 'array of values, with null for each key that is missing or not a string',
  run(context, args) {
    const { engine, reply } = context;
    reply.array(args.left);
    while (args.left > 0) {
      const session = readKey(context, args.key(context.client));
      const isString = session !== NO_SESSION && engine.isString(session);
      reply.bulkOrNull(isString ? engine.data.getString(session) : undefined);
    }
  },
};
