import { CodedError } from '../../errors.js';
import type { Command } from '../declaration/command.js';

export const discard: Command = {
  name: 'discard',
  summary: 'Ends the transaction without running its commands.',
  complexity: 'O(1)',
  group: 'transactions',
  flags: ['fast', 'loading', 'stale', 'allow_busy', 'noscript'],
  arity: 1,
  arguments: [],
  reply: 'OK',
  immediate: true,
  run({ client, reply }) {
    if (!client.transaction.open) throw new CodedError('ERR', 'DISCARD without MULTI');
    client.transaction.end();
    reply.ok();
  },
};
