import { NO_SESSION } from '../../engine/index.js';
import type { Command } from '../declaration/command.js';
import { KEYS } from './grammar.js';
import { readKey } from './lookup.js';

export const touch: Command = {
  name: 'touch',
  summary: 'Counts those keys that exist, as used now. When they expire stays as it is.',
  complexity: 'O(N) with N keys',
  group: 'generic',
  flags: ['readonly', 'fast'],
  arity: -2,
  arguments: [KEYS],
  reply: 'how many exist',
  run(context, args) {
    let touched = 0;
    while (args.left > 0) {
      const session = readKey(context, args.slice());
      if (session === NO_SESSION) continue;
      context.engine.use(session);
      touched++;
    }
    context.reply.integer(touched);
  },
};
