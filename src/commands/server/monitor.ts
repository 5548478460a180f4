import type { Command } from '../declaration/command.js';

export const monitor: Command = {
  name: 'monitor',
  summary: 'Streams the commands that the server runs, except those of administrators, such as CONFIG.',
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
