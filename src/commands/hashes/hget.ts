import { NO_SESSION } from '../../engine/index.js';
import type { Command } from '../declaration/command.js';
import { KEY } from '../keys/grammar.js';
import { readHash } from '../keys/lookup.js';
import { FIELD } from './grammar.js';

export const hget: Command = {
  name: 'hget',
  summary: 'Returns the value of a field in a hash.',
  complexity: 'O(1)',
  group: 'hash',
  flags: ['readonly', 'fast'],
  arity: 3,
  arguments: [KEY, FIELD],
  reply: 'the value, or null',
  run(context, args) {
    const session = readHash(context, args.key(context.client));
    if (session === NO_SESSION) context.reply.null();
    else context.reply.bulkOrNull(context.engine.data.get(session, args.slice()));
  },
};
