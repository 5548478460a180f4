import { NO_SESSION } from '../../engine/index.js';
import type { Command } from '../declaration/command.js';
import { KEY } from './grammar.js';
import { readKey } from './lookup.js';

export const type: Command = {
  name: 'type',
  summary: 'Returns the type of a key.',
  complexity: 'O(1)',
  group: 'generic',
  flags: ['readonly', 'fast'],
  arity: 2,
  arguments: [{ ...KEY, use: 'RO' }],
  reply: 'string, hash, set, zset, stream, or none if there is no such key',
  run(context, args) {
    if (args.streamKey(context.client)) {
      context.reply.simple(context.server.eventStream === undefined ? 'none' : 'stream');
      return;
    }
    const session = readKey(context, args.key(context.client));
    context.reply.simple(session === NO_SESSION ? 'none' : context.engine.kindOf(session));
  },
};
