import { NO_SESSION } from '../../engine/index.js';
import type { Command } from '../declaration/command.js';
import { KEYS } from './grammar.js';
import { readKey } from './lookup.js';

export const exists: Command = {
  name: 'exists',
  summary: 'Returns how many of the given keys exist.',
  complexity: 'O(N), where N is the number of keys',
  group: 'generic',
  flags: ['readonly', 'fast'],
  arity: -2,
  arguments: [{ ...KEYS, use: 'RO' }],
  reply: 'the number of keys that exist; a key given twice counts twice',
  run(context, args) {
    let found = 0;
    while (args.left > 0) {
      const isThere = args.streamKey(context.client)
        ? context.server.eventStream !== undefined
        : readKey(context, args.key(context.client)) !== NO_SESSION;
      if (isThere) found++;
    }
    context.reply.integer(found);
  },
};
