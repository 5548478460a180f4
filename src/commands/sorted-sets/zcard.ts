import { NO_SESSION } from '../../engine/index.js';
import type { Command } from '../declaration/command.js';
import { KEY } from '../keys/grammar.js';
import { readKind } from '../keys/lookup.js';

export const zcard: Command = {
  name: 'zcard',
  summary: 'Returns the number of members of a sorted set.',
  complexity: 'O(1)',
  group: 'sorted-set',
  flags: ['readonly', 'fast'],
  arity: 2,
  arguments: [KEY],
  reply: 'the number of members; 0 if there is no such key',
  run(context, args) {
    const session = readKind(context, args.key(context.client), 'zset');
    context.reply.integer(session === NO_SESSION ? 0 : context.engine.data.count(session));
  },
};
