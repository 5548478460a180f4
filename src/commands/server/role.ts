import type { Command } from '../declaration/command.js';

export const role: Command = {
  name: 'role',
  summary: 'Returns the role of the server: it is a primary without replicas.',
  complexity: 'O(1)',
  group: 'server',
  flags: ['fast', 'loading', 'stale', 'noscript'],
  arity: 1,
  arguments: [],
  reply: 'array: `master`, 0, and an empty array of replicas',
  run({ reply }) {
    reply.array(3);
    reply.bulk('master');
    reply.integer(0);
    reply.array(0);
  },
};
