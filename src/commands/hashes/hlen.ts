import { NO_SESSION } from '../../engine/index.js';
import type { Command } from '../declaration/command.js';
import { KEY } from '../keys/grammar.js';
import { readHash } from '../keys/lookup.js';

export const hlen: Command = {
  name: 'hlen',
  summary: 'Counts the fields of a hash.',
  complexity: 'O(1)',
  group: 'hash',
  flags: ['readonly', 'fast'],
  arity: 2,
  arguments: [KEY],
  reply: 'how many there are, 0 without such a key',
  run(context, args) {
    const session = readHash(context, args.slice());
    context.reply.integer(session === NO_SESSION ? 0 : context.engine.data.count(session));
  },
};
