import { CodedError } from '../../errors.js';
import type { Command } from '../declaration/command.js';

export const multi: Command = {
  name: 'multi',
  summary: 'Starts a transaction. The commands that follow are queued for EXEC.',
  complexity: 'O(1)',
  group: 'transactions',
  flags: ['fast', 'loading', 'stale', 'allow_busy', 'noscript'],
  arity: 1,
  arguments: [],
  reply: 'OK',
  immediate: true,
  run({ client, reply }) {
    if (client.transaction.open) throw new CodedError('ERR', 'MULTI calls can not be nested');
    client.transaction.begin();
    reply.ok();
  },
};
