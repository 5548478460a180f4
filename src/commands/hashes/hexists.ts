import { NO_SESSION } from '../../engine/index.js';
import type { Command } from '../declaration/command.js';
import { KEY } from '../keys/grammar.js';
import { readHash } from '../keys/lookup.js';
import { FIELD } from './grammar.js';

export const hexists: Command = {
  name: 'hexists',
  summary: 'Returns whether a hash has a field.',
  complexity: 'O(1)',
  group: 'hash',
  flags: ['readonly', 'fast'],
  arity: 3,
  arguments: [{ ...KEY, use: 'RO' }, FIELD],
  reply: '1 or 0',
  run(context, args) {
    const session = readHash(context, args.key(context.client));
    const has = session !== NO_SESSION && context.engine.data.has(session, args.slice());
    context.reply.integer(has ? 1 : 0);
  },
};
