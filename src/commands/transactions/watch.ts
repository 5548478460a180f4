import { CodedError } from '../../errors.js';
import type { Command } from '../declaration/command.js';

// WATCH and UNWATCH.

export const watch: Command = {
  name: 'watch',
  summary:
    'Watches sessions and keys: the next EXEC runs only if their data, settings and tokens have not changed and none was created or ended.',
  complexity: 'O(N), where N is the number of sessions and keys; EXEC checks each again',
  group: 'transactions',
  flags: ['readonly', 'fast', 'stale', 'allow_busy', 'noscript'],
  arity: -2,
  arguments: [{ name: 'token-or-key', type: 'token', use: 'RO', multiple: true }],
  reply: 'OK',
  immediate: true,
  run({ client, engine, server, reply }, args) {
    if (client.transaction.open) throw new CodedError('ERR', 'WATCH inside MULTI is not allowed');
    // An error replaces it.
    reply.ok();
    return client.transaction.watch(engine, client.database, args.rest(), server.config['client-query-buffer-limit']);
  },
};

export const unwatch: Command = {
  name: 'unwatch',
  summary: 'Stops watching all sessions and keys.',
  complexity: 'O(1)',
  group: 'transactions',
  flags: ['fast', 'loading', 'stale', 'allow_busy', 'noscript'],
  arity: 1,
  arguments: [],
  reply: 'OK',
  run({ client, reply }) {
    client.transaction.unwatch();
    reply.ok();
  },
};
