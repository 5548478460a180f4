import type { Command } from '../declaration/command.js';

export const monitor: Command = {
  name: 'monitor',
  summary: 'Shows every command that is served from now on, as it comes.',
  complexity: 'O(1)',
  group: 'server',
  // It shows tokens, which are credentials.
  flags: ['admin', 'loading', 'stale', 'no_multi'],
  arity: 1,
  arguments: [],
  reply: 'OK, then a line per command; RESET or QUIT ends it',
  run({ client, server, reply }) {
    server.monitors.add(client);
    reply.ok();
  },
};
