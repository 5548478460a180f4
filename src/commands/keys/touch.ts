import { NO_SESSION } from '../../engine/index.js';
import type { Command } from '../declaration/command.js';
import { KEYS } from './grammar.js';
import { readKey } from './lookup.js';

export const touch: Command = {
  name: 'touch',
  summary: 'Marks keys as used now, without changing when they expire.',
  complexity: 'O(N), where N is the number of keys',
  group: 'generic',
  flags: ['readonly', 'fast'],
  arity: -2,
  arguments: [{ ...KEYS, use: 'RO' }],
  reply: 'the number of keys that exist',
  run(context, args) {
    let touched = 0;
    while (args.left > 0) {
      const session = readKey(context, args.key(context.client));
      if (session === NO_SESSION) continue;
      context.engine.use(session);
      touched++;
    }
    context.reply.integer(touched);
  },
};
