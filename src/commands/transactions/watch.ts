import { CodedError } from '../../errors.js';
import type { Command } from '../declaration/command.js';

/** WATCH and UNWATCH. */

export const watch: Command = {
  name: 'watch',
  summary:
    'Makes the next EXEC depend on sessions and keys being as they are now: their data, settings and token, or that there is none.',
  complexity: 'O(N) with N of them; EXEC looks at each again',
  group: 'transactions',
  flags: ['readonly', 'fast', 'stale', 'allow_busy'],
  arity: -2,
  arguments: [{ name: 'token-or-key', type: 'token', multiple: true }],
  reply: 'OK',
  immediate: true,
  run({ client, engine, server, reply }, args) {
    if (client.transaction.open) throw new CodedError('ERR', 'WATCH inside MULTI is not allowed');
    while (args.left > 0) client.transaction.watch(engine, args.slice(), server.config['client-query-buffer-limit']);
    reply.ok();
  },
};

export const unwatch: Command = {
  name: 'unwatch',
  summary: 'Makes the next EXEC depend on nothing.',
  complexity: 'O(1)',
  group: 'transactions',
  flags: ['fast', 'loading', 'stale', 'allow_busy'],
  arity: 1,
  arguments: [],
  reply: 'OK',
  run({ client, reply }) {
    client.transaction.unwatch();
    reply.ok();
  },
};
