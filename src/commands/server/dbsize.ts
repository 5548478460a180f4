import type { Command } from '../declaration/command.js';

export const dbsize: Command = {
  name: 'dbsize',
  summary: 'Counts the sessions.',
  complexity: 'O(1)',
  group: 'server',
  flags: ['readonly', 'fast'],
  arity: 1,
  arguments: [],
  reply: 'how many sessions there are',
  run({ engine, reply }) {
    reply.integer(engine.size);
  },
};
