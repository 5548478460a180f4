import { NO_SESSION } from '../../engine/index.js';
import type { Command } from '../declaration/command.js';
import { KEY } from '../keys/grammar.js';
import { readHash } from '../keys/lookup.js';
import { FIELD } from './grammar.js';

export const hstrlen: Command = {
  name: 'hstrlen',
  summary: 'Returns the length of the value of a field in a hash.',
  complexity: 'O(1)',
  group: 'hash',
  flags: ['readonly', 'fast'],
  arity: 3,
  arguments: [{ ...KEY, use: 'RO' }, FIELD],
  reply: 'the length in bytes; 0 if there is no such field',
  run(context, args) {
    const session = readHash(context, args.key(context.client));
    context.reply.integer(session === NO_SESSION ? 0 : context.engine.data.getLength(session, args.slice()));
  },
};
