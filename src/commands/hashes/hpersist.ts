import { NO_SESSION, type Session, type SessionData } from '../../engine/index.js';
import type { Slice } from '../../slice.js';
import type { Command } from '../declaration/command.js';
import { KEY } from '../keys/grammar.js';
import { NUMBERED_FIELDS, readNumberedFields } from './numbered-fields.js';
import { findHash } from './put-fields.js';

/** Removes the expiration of a field. Returns whether it had one. */
export function persistField(data: SessionData, session: Session, field: Slice): boolean {
  return data.keyDeadline(session, field) < Infinity && data.setKeyDeadline(session, field, Infinity);
}

export const hpersist: Command = {
  name: 'hpersist',
  summary: 'Removes the expiration of fields.',
  complexity: 'O(N), where N is the number of fields given',
  group: 'hash',
  flags: ['write', 'fast'],
  arity: -5,
  arguments: [{ ...KEY, use: 'RW update' }, NUMBERED_FIELDS],
  reply: 'array with, for each field: 1; -1 if the field does not expire, -2 if there is no such field',
  run({ client, engine, reply, server }, args) {
    const { data } = engine;
    const key = args.key(client);
    const session = findHash(engine, key);
    const fields = readNumberedFields(args);
    let isAny = false;
    reply.array(fields.length);
    for (const field of fields) {
      if (session === NO_SESSION || !data.has(session, field)) {
        reply.integer(-2);
      } else {
        const had = persistField(data, session, field);
        isAny ||= had;
        reply.integer(had ? 1 : -1);
      }
    }
    if (isAny) server.keyspaceEvents.notify('h', 'hpersist', key);
  },
};
