import { NO_SESSION } from '../../engine/index.js';
import { SAME_OBJECT } from '../../errors.js';
import { keyName } from '../arguments/arguments.js';
import { readDatabase } from '../arguments/database.js';
import type { Command } from '../declaration/command.js';
import { KEY } from './grammar.js';
import { findKey, isKey } from './lookup.js';

export const move: Command = {
  name: 'move',
  summary: 'Moves a key to another database.',
  complexity: 'O(1); with a journal O(N), where N is the number of fields',
  group: 'generic',
  flags: ['write', 'fast'],
  arity: 3,
  arguments: [KEY, { name: 'db', type: 'integer' }],
  reply: '1; 0 if there is no such key, or the other database has one of that name',
  run({ client, engine, reply, server }, args) {
    const key = args.slice();
    const database = readDatabase(args, server.config);
    if (database === client.database) throw SAME_OBJECT;
    const from = keyName(client, key);
    const to = keyName({ database }, key);
    const session = findKey(engine, from);
    const taken = engine.findShared(to);
    if (session === NO_SESSION || isKey(engine, taken)) {
      reply.integer(0);
      return;
    }
    if (taken !== NO_SESSION) engine.replace(taken);
    engine.rename(session, to);
    server.keyspaceEvents.notify('g', 'move_from', from);
    server.keyspaceEvents.notify('g', 'move_to', to);
    reply.integer(1);
  },
};
