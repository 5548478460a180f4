import type { Command } from '../declaration/command.js';
import { KEY, VALUE } from '../keys/grammar.js';
import { notifyMiss } from '../keys/lookup.js';
import { stringValue, writeString } from './write-string.js';

export const getset: Command = {
  name: 'getset',
  summary: 'Sets a key to a string and returns its previous value.',
  complexity: 'O(1)',
  group: 'string',
  flags: ['write', 'denyoom', 'fast'],
  arity: 3,
  arguments: [KEY, VALUE],
  reply: 'the previous value, or null',
  run(context, args) {
    const { client, engine, reply } = context;
    const key = args.key(client);
    const session = engine.findShared(key);
    const old = stringValue(engine, session);
    if (old === undefined) notifyMiss(context, key);
    reply.bulkOrNull(old);
    writeString(context, key, session, args.slice(), 0);
  },
};
