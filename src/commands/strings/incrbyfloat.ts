import { Slice } from '../../slice.js';
import { addToFloat, readFloat } from '../arguments/float.js';
import type { Command } from '../declaration/command.js';
import { KEY } from '../keys/grammar.js';
import { putString, stringValue } from './write-string.js';

export const incrbyfloat: Command = {
  name: 'incrbyfloat',
  summary: 'Increments the floating-point value of a key by a number. A missing key counts as 0.',
  complexity: 'O(1)',
  group: 'string',
  flags: ['write', 'denyoom', 'fast'],
  arity: 3,
  arguments: [KEY, { name: 'increment', type: 'double' }],
  reply: 'the new value',
  run({ engine, reply, server }, args) {
    const key = args.slice();
    const session = engine.findShared(key);
    const sum = addToFloat(stringValue(engine, session), readFloat(args.slice()));
    putString(engine, key, session, Slice.of(sum));
    server.keyspaceEvents.notify('$', 'incrbyfloat', key);
    reply.bulk(sum);
  },
};
