import { NO_SESSION } from '../../engine/index.js';
import type { Command } from '../declaration/command.js';
import { KEY } from '../keys/grammar.js';
import { endIfEmpty } from '../keys/lookup.js';
import { FIELDS } from './grammar.js';
import { findHash } from './hash.js';

export const hdel: Command = {
  name: 'hdel',
  summary: 'Removes fields from a hash. Removes the key if no fields remain.',
  complexity: 'O(N), where N is the number of fields',
  group: 'hash',
  flags: ['write', 'fast'],
  arity: -3,
  arguments: [KEY, FIELDS],
  reply: 'the number of fields removed',
  run(context, args) {
    const { client, engine, reply, server } = context;
    const key = args.key(client);
    const session = findHash(engine, key);
    const deleted = session === NO_SESSION ? 0 : engine.data.delete(session, args.rest());
    if (deleted > 0) {
      server.keyspaceEvents.notify('h', 'hdel', key);
      endIfEmpty(context, key, session);
    }
    reply.integer(deleted);
  },
};
