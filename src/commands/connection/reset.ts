import type { Command } from '../declaration/command.js';

export const reset: Command = {
  name: 'reset',
  summary: 'Puts the connection back into the state in which it began.',
  complexity: 'O(N) with N subscriptions',
  group: 'connection',
  flags: ['fast', 'loading', 'stale', 'no_auth', 'allow_busy'],
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
