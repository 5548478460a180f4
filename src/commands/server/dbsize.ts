import type { Command } from '../declaration/command.js';

export const dbsize: Command = {
  name: 'dbsize',
  summary: 'Returns the number of sessions.',
  complexity: 'O(1)',
  group: 'server',
  onlyInMemory: 'SESSION.STATS counts the sessions of the store',
  flags: ['readonly', 'fast'],
  arity: 1,
  arguments: [],
  reply: 'the number of sessions',
  run({ engine, reply }) {
    reply.integer(engine.size);
  },
};
