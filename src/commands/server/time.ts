import type { Command } from '../declaration/command.js';

export const time: Command = {
  name: 'time',
  summary: 'Returns the current time of the server.',
  complexity: 'O(1)',
  group: 'server',
  flags: ['fast', 'loading', 'stale'],
  arity: 1,
  arguments: [],
  reply: 'array: unix time in seconds, and the microseconds within that second',
  run({ server, reply }) {
    const now = server.clock.wall();
    reply.array(2);
    reply.bulk(String(Math.floor(now / 1000)));
    reply.bulk(String(Math.floor((now % 1000) * 1000)));
  },
};
