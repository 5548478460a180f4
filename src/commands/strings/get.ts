import { NO_SESSION } from '../../engine/index.js';
import type { Command } from '../declaration/command.js';
import { KEY } from '../keys/grammar.js';
import { readString } from '../keys/lookup.js';

export const get: Command = {
  name: 'get',
  summary: 'Returns the value of a string key.',
  complexity: 'O(1)',
  group: 'string',
  flags: ['readonly', 'fast'],
  arity: 2,
  arguments: [KEY],
  reply: 'the value, or null',
  run(context, args) {
    const session = readString(context, args.key(context.client));
    if (session === NO_SESSION) context.reply.null();
    else context.reply.bulkOrNull(context.engine.data.getString(session));
  },
};
