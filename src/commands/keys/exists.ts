import { NO_SESSION } from '../../engine/index.js';
import type { Command } from '../declaration/command.js';
import { KEYS } from './grammar.js';
import { readKey } from './lookup.js';

export const exists: Command = {
  name: 'exists',
  summary: 'Counts those keys that exist.',
  complexity: 'O(N) with N keys',
  group: 'generic',
  flags: ['readonly', 'fast'],
  arity: -2,
  arguments: [KEYS],
  reply: 'how many exist; a key given twice counts twice',
  run(context, args) {
    let found = 0;
    while (args.left > 0) if (readKey(context, args.slice()) !== NO_SESSION) found++;
    context.reply.integer(found);
  },
};
