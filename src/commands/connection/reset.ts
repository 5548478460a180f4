import type { Command } from '../declaration/command.js';

export const reset: Command = {
  name: 'reset',
  summary: 'Resets the connection to its initial state.',
  complexity: 'O(N), where N is the number of subscriptions',
  group: 'connection',
  flags: ['fast', 'loading', 'stale', 'no_auth', 'allow_busy', 'noscript'],
  arity: 1,
  arguments: [],
  reply: 'RESET',
  immediate: true,
  whileSubscribed: true,
  run({ client, reply }) {
    client.reset();
    reply.simple('RESET');
  },
};
