import { NO_SESSION } from '../../engine/index.js';
import type { Command } from '../declaration/command.js';
import { KEY, VALUE } from '../keys/grammar.js';
import { FIELD } from './grammar.js';
import { findHash, putFields } from './put-fields.js';

export const hsetnx: Command = {
  name: 'hsetnx',
  summary: 'Sets a field in a hash, but only if the field does not exist.',
  complexity: 'O(1)',
  group: 'hash',
  flags: ['write', 'denyoom', 'fast'],
  arity: 4,
  arguments: [{ ...KEY, use: 'RW insert' }, FIELD, VALUE],
  reply: '1; 0 if the field exists',
  run({ client, engine, reply, server }, args) {
    const key = args.key(client);
    const field = args.slice();
    const session = findHash(engine, key);
    if (session !== NO_SESSION && engine.data.has(session, field)) {
      reply.integer(0);
      return;
    }
    putFields(engine, key, [field, args.slice()]);
    server.keyspaceEvents.notify('h', 'hset', key);
    reply.integer(1);
  },
};
