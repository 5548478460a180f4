import { NO_SESSION } from '../../engine/index.js';
import type { Command } from '../declaration/command.js';
import { KEY } from '../keys/grammar.js';
import { readString } from '../keys/lookup.js';

export const getdel: Command = {
  name: 'getdel',
  summary: 'Returns the value of a string key and removes the key.',
  complexity: 'O(1)',
  group: 'string',
  flags: ['write', 'fast'],
  arity: 2,
  arguments: [{ ...KEY, use: 'RW access delete' }],
  reply: 'the value, or null',
  run(context, args) {
    const { engine, reply } = context;
    const session = readString(context, args.key(context.client));
    if (session === NO_SESSION) {
      reply.null();
      return;
    }
    reply.bulkOrNull(engine.data.getString(session));
    engine.end(session);
  },
};
