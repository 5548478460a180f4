import { NO_SESSION } from '../../engine/index.js';
import { Slice } from '../../slice.js';
import { addToFloat, readFiniteFloat } from '../arguments/float.js';
import { MAX_FLOAT_LENGTH } from '../arguments/long-double.js';
import type { Command } from '../declaration/command.js';
import { KEY } from '../keys/grammar.js';
import { FIELD } from './grammar.js';
import { findHash, putFields } from './put-fields.js';

export const hincrbyfloat: Command = {
  name: 'hincrbyfloat',
  summary: 'Increments the floating-point value of a field by a number. A missing field counts as 0.',
  complexity: 'O(1)',
  group: 'hash',
  flags: ['write', 'denyoom', 'fast'],
  arity: 4,
  arguments: [KEY, FIELD, { name: 'increment', type: 'double' }],
  reply: 'the new value',
  run({ client, engine, reply, server }, args) {
    const key = args.key(client);
    const field = args.slice();
    const increment = readFiniteFloat(args.slice());
    const session = findHash(engine, key);
    const value = session === NO_SESSION ? undefined : engine.data.peekPart(session, field, 0, MAX_FLOAT_LENGTH + 1);
    const sum = addToFloat(value, increment, 'hash value is not a float');
    putFields(engine, key, [field, Slice.of(sum)], true);
    server.keyspaceEvents.notify('h', 'hincrbyfloat', key);
    reply.bulk(sum);
  },
};
