import type { Command } from '../declaration/command.js';

export const monitor: Command = {
  name: 'monitor',
  summary: 'Streams every command that the server processes.',
  complexity: 'O(1)',
  group: 'server',
  // The stream contains tokens, which are credentials.
  flags: ['admin', 'loading', 'stale', 'no_multi', 'noscript'],
  arity: 1,
  arguments: [],
  reply: 'OK, then a line for each command until RESET or QUIT',
  run({ client, server, reply }) {
    server.monitors.add(client);
    reply.ok();
  },
};
