import { CodedError } from '../../errors.js';
import { readDatabase } from '../arguments/database.js';
import type { Command } from '../declaration/command.js';

export const select: Command = {
  name: 'select',
  summary: 'Selects the database whose keys the next commands read and change. SESSION commands do not depend on it.',
  complexity: 'O(1)',
  group: 'connection',
  flags: ['fast', 'loading', 'stale'],
  arity: 2,
  arguments: [{ name: 'index', type: 'integer' }],
  reply: 'OK',
  run({ client, reply, server }, args) {
    const database = readDatabase(args, server.config);
    if (database !== 0 && server.store !== undefined) throw ONLY_ONE_IN_STORE;
    client.database = database;
    reply.ok();
  },
};

/** A store has no plain keys, and so no databases. */
const ONLY_ONE_IN_STORE = new CodedError(
  'ERR',
  'with a store there is only database 0, and SESSION commands do not depend on the database',
);
