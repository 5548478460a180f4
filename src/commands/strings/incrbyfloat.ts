import { STRING_KEY } from '../../engine/index.js';
import { Slice } from '../../slice.js';
import { addToFloat, readFloat } from '../arguments/float.js';
import { MAX_FLOAT_LENGTH } from '../arguments/long-double.js';
import type { Command } from '../declaration/command.js';
import { KEY } from '../keys/grammar.js';
import { asString, isKey } from '../keys/lookup.js';
import { putString } from './write-string.js';

export const incrbyfloat: Command = {
  name: 'incrbyfloat',
  summary: 'Increments the floating-point value of a key by a number. A missing key counts as 0.',
  complexity: 'O(1)',
  group: 'string',
  flags: ['write', 'denyoom', 'fast'],
  arity: 3,
  arguments: [KEY, { name: 'increment', type: 'double' }],
  reply: 'the new value',
  run({ client, engine, reply, server }, args) {
    const key = args.key(client);
    const session = engine.findShared(key);
    const value = isKey(engine, session)
      ? engine.data.peekPart(asString(engine, session), STRING_KEY, 0, MAX_FLOAT_LENGTH + 1)
      : undefined;
    const sum = addToFloat(value, readFloat(args.slice()));
    putString(engine, key, session, Slice.of(sum));
    server.keyspaceEvents.notify('$', 'incrbyfloat', key);
    reply.bulk(sum);
  },
};
