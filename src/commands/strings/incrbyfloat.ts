import { NO_SESSION } from '../../engine/index.js';
import { Slice } from '../../slice.js';
import type { Command } from '../command.js';
import { KEY } from '../keys/grammar.js';
import { isKey } from '../keys/lookup.js';
import { addToFloat, readFloat } from './float.js';
import { openString, putString } from './write-string.js';

export const incrbyfloat: Command = {
  name: 'incrbyfloat',
  summary: 'Adds to a number that may have a fraction, which starts at 0.',
  complexity: 'O(1)',
  group: 'string',
  flags: ['write', 'denyoom', 'fast'],
  arguments: [KEY, { name: 'increment', type: 'double' }],
  reply: 'the new number',
  run({ engine, reply, server }, args) {
    const key = args.slice();
    const session = openString(engine, key);
    const value = session !== NO_SESSION && isKey(engine, session) ? engine.data.getString(session) : undefined;
    const sum = addToFloat(value, readFloat(args.slice()));
    putString(engine, key, session, Slice.of(sum));
    server.keyspaceEvents.tell('$', 'incrbyfloat', key);
    reply.bulk(sum);
  },
};
