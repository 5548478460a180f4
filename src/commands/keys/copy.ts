import { NO_SESSION } from '../../engine/index.js';
import { SAME_OBJECT } from '../../errors.js';
import { keyName } from '../arguments/arguments.js';
import { readDatabase } from '../arguments/database.js';
import type { Command } from '../declaration/command.js';
import { isKey, readKey } from './lookup.js';

export const copy: Command = {
  name: 'copy',
  summary: 'Copies a key with its data and its expiration.',
  complexity: 'O(N), where N is the number of fields',
  group: 'generic',
  flags: ['write', 'denyoom'],
  arity: -3,
  arguments: [
    { name: 'source', type: 'key', use: 'RO access' },
    { name: 'destination', type: 'key', use: 'OW update' },
    { name: 'destination-db', type: 'integer', token: 'DB', optional: true },
    { name: 'replace', type: 'pure-token', token: 'REPLACE', optional: true },
  ],
  reply: '1; 0 if the source does not exist, or the destination exists and REPLACE is not given',
  growth: 'copy',
  run(context, args) {
    const { client, engine, reply, server } = context;
    const source = args.key(client);
    const key = args.slice();
    let { database } = client;
    let replaces = false;
    while (args.left > 0) {
      if (args.choice('REPLACE', 'DB') === 'REPLACE') replaces = true;
      else database = readDatabase(args, server.config);
    }
    const destination = keyName({ database }, key);
    if (source.equals(destination)) throw SAME_OBJECT;
    const session = readKey(context, source);
    const taken = engine.findShared(destination);
    if (session === NO_SESSION || (isKey(engine, taken) && !replaces)) {
      reply.integer(0);
      return;
    }
    if (taken !== NO_SESSION) engine.replace(taken);
    const left = engine.timeLeft(session);
    const duration = left === Infinity ? 0 : left;
    engine.create(destination, { shared: 'tokenless', copyOf: session, duration });
    server.keyspaceEvents.notify('g', 'copy_to', destination);
    reply.integer(1);
  },
};
