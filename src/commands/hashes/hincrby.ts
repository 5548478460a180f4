import { NO_SESSION } from '../../engine/index.js';
import { Slice } from '../../slice.js';
import type { Command } from '../declaration/command.js';
import { KEY } from '../keys/grammar.js';
import { FIELD } from './grammar.js';
import { findHash, putFields } from './put-fields.js';

export const hincrby: Command = {
  name: 'hincrby',
  summary: 'Increments the integer value of a field by a number. A missing field counts as 0.',
  complexity: 'O(1)',
  group: 'hash',
  flags: ['write', 'denyoom', 'fast'],
  arity: 4,
  arguments: [KEY, FIELD, { name: 'increment', type: 'integer' }],
  reply: 'the new value',
  run({ client, engine, reply, server }, args) {
    const key = args.key(client);
    const field = args.slice();
    const increment = args.int64();
    const session = findHash(engine, key);
    let sum = increment;
    if (session === NO_SESSION) putFields(engine, key, [field, Slice.of(String(increment))]);
    else sum = engine.data.increment(session, field, increment, 'hash value is not an integer');
    server.keyspaceEvents.notify('h', 'hincrby', key);
    reply.integer(sum);
  },
};
