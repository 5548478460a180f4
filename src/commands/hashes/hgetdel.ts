import { NO_SESSION } from '../../engine/index.js';
import type { Command } from '../declaration/command.js';
import { KEY } from '../keys/grammar.js';
import { endIfEmpty } from '../keys/lookup.js';
import { NUMBERED_FIELDS, readNumberedFields } from './numbered-fields.js';
import { findHash } from './put-fields.js';

export const hgetdel: Command = {
  name: 'hgetdel',
  summary: 'Returns the values of fields in a hash and removes the fields. Removes the key if no fields remain.',
  complexity: 'O(N), where N is the number of fields given',
  group: 'hash',
  flags: ['write', 'fast'],
  arity: -5,
  arguments: [{ ...KEY, use: 'RW access delete' }, NUMBERED_FIELDS],
  reply: 'array of values, with null for each missing field',
  run(context, args) {
    const { client, engine, reply, server } = context;
    const { data } = engine;
    const key = args.key(client);
    const session = findHash(engine, key);
    const fields = readNumberedFields(args);
    let removed = 0;
    if (session !== NO_SESSION) data.read(session);
    reply.array(fields.length);
    for (const field of fields) {
      if (session === NO_SESSION) {
        reply.null();
      } else {
        reply.bulkOrNull(data.peekValue(session, field));
        // At once, because the same field may be given again.
        removed += data.delete(session, [field]);
      }
    }
    if (session === NO_SESSION || removed === 0) return;
    server.keyspaceEvents.notify('h', 'hdel', key);
    endIfEmpty(context, key, session);
  },
};
