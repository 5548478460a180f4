import { NO_SESSION, STRING_KEY } from '../../engine/index.js';
import type { Command } from '../declaration/command.js';
import { KEY } from '../keys/grammar.js';
import { readString } from '../keys/lookup.js';

export const strlen: Command = {
  name: 'strlen',
  summary: 'Returns the length of a string.',
  complexity: 'O(1)',
  group: 'string',
  flags: ['readonly', 'fast'],
  arity: 2,
  arguments: [{ ...KEY, use: 'RO' }],
  reply: 'the length in bytes; 0 if there is no such key',
  run(context, args) {
    const session = readString(context, args.key(context.client));
    context.reply.integer(session === NO_SESSION ? 0 : context.engine.data.getLength(session, STRING_KEY));
  },
};
