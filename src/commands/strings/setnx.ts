import type { Command } from '../declaration/command.js';
import { KEY, VALUE } from '../keys/grammar.js';
import { isKey } from '../keys/lookup.js';
import { writeString } from './write-string.js';

export const setnx: Command = {
  name: 'setnx',
  summary: 'Sets a key to a string, but only if the key does not exist.',
  complexity: 'O(1)',
  group: 'string',
  flags: ['write', 'denyoom', 'fast'],
  arity: 3,
  arguments: [{ ...KEY, use: 'OW insert' }, VALUE],
  reply: '1; 0 if the key exists',
  run(context, args) {
    const { client, engine, reply } = context;
    const key = args.key(client);
    const session = engine.findShared(key);
    const exists = isKey(engine, session);
    if (!exists) writeString(context, key, session, args.slice(), 0);
    reply.integer(exists ? 0 : 1);
  },
};
