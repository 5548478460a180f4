import { NO_SESSION } from '../../engine/index.js';
import type { Command } from '../declaration/command.js';
import { KEY } from '../keys/grammar.js';
import { readHash } from '../keys/lookup.js';

export const hlen: Command = {
  name: 'hlen',
  summary: 'Returns the number of fields in a hash.',
  complexity: 'O(1)',
  group: 'hash',
  flags: ['readonly', 'fast'],
  arity: 2,
  arguments: [KEY],
  reply: 'the number of fields; 0 if there is no such key',
  run(context, args) {
    const session = readHash(context, args.key(context.client));
    context.reply.integer(session === NO_SESSION ? 0 : context.engine.data.count(session));
  },
};
