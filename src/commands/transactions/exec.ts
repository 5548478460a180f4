import { CodedError } from '../../errors.js';
import type { Command } from '../declaration/command.js';

export const exec: Command = {
  name: 'exec',
  summary: 'Runs the commands of the transaction as one: no command of another client runs in between.',
  complexity: 'depends on the commands',
  group: 'transactions',
  flags: ['loading', 'stale', 'skip_slowlog', 'noscript'],
  arity: 1,
  arguments: [],
  reply: 'array of their replies; null if a watched session or key has changed',
  immediate: true,
  endsTransaction: true,
  run({ client }) {
    if (!client.transaction.open) throw new CodedError('ERR', 'EXEC without MULTI');
    return client.exec();
  },
};
