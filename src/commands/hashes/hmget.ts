import { NO_SESSION } from '../../engine/index.js';
import type { Command } from '../declaration/command.js';
import { KEY } from '../keys/grammar.js';
import { readHash } from '../keys/lookup.js';
import { FIELDS } from './grammar.js';

export const hmget: Command = {
  name: 'hmget',
  summary: 'Returns the values of fields in a hash.',
  complexity: 'O(N), where N is the number of fields',
  group: 'hash',
  flags: ['readonly', 'fast'],
  arity: -3,
  arguments: [KEY, FIELDS],
  reply: 'array of values, with null for each missing field',
  run(context, args) {
    const { engine, reply } = context;
    const session = readHash(context, args.key(context.client));
    const fields = args.rest();
    reply.array(fields.length);
    if (session !== NO_SESSION) engine.data.getMany(session, fields, (value) => reply.bulkOrNull(value));
    else for (const _ of fields) reply.null();
  },
};
