import type { Command } from '../declaration/command.js';

export const quit: Command = {
  name: 'quit',
  summary: 'Closes the connection.',
  complexity: 'O(1)',
  group: 'connection',
  flags: ['fast', 'loading', 'stale', 'no_auth', 'allow_busy', 'noscript'],
  // As in Redis, arguments are ignored.
  arity: -1,
  arguments: [],
  reply: 'OK, then the connection is closed',
  immediate: true,
  whileSubscribed: true,
  run({ client, reply }) {
    reply.ok();
    client.closeAfterReply();
  },
};
