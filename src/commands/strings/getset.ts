import type { Command } from '../command.js';
import { KEY, VALUE } from '../keys/grammar.js';
import { asString, isKey } from '../keys/lookup.js';
import { writeString } from './write-string.js';

export const getset: Command = {
  name: 'getset',
  summary: 'Sets a string and returns the value that it had.',
  complexity: 'O(1)',
  group: 'string',
  flags: ['write', 'denyoom', 'fast'],
  arguments: [KEY, VALUE],
  reply: 'value before, or null',
  run(context, args) {
    const { engine, reply } = context;
    const key = args.slice();
    const session = engine.findShared(key);
    const exists = isKey(engine, session);
    reply.bulkOrNull(exists ? engine.data.getString(asString(engine, session)) : undefined);
    writeString(context, key, session, args.slice(), 0);
  },
};
