import { NO_SESSION } from '../../engine/index.js';
import type { Command } from '../declaration/command.js';
import { KEY, VALUE } from '../keys/grammar.js';
import { putString } from './write-string.js';

export const append: Command = {
  name: 'append',
  summary: 'Appends bytes to a string. Creates the key if it does not exist.',
  complexity: 'O(1) amortized',
  group: 'string',
  flags: ['write', 'denyoom', 'fast'],
  arity: 3,
  arguments: [{ ...KEY, use: 'RW insert' }, VALUE],
  reply: 'the new length in bytes',
  run({ client, engine, reply, server }, args) {
    const key = args.key(client);
    const value = args.slice();
    const session = engine.findShared(key);
    if (session === NO_SESSION) putString(engine, key, session, value);
    reply.integer(session === NO_SESSION ? value.length : engine.data.appendToString(session, value));
    server.keyspaceEvents.notify('$', 'append', key);
  },
};
