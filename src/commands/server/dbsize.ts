import type { Command } from '../declaration/command.js';

export const dbsize: Command = {
  name: 'dbsize',
  summary:
    'Returns the number of keys in the database. In database 0, all sessions count that are not keys of another one.',
  complexity: 'O(1)',
  group: 'server',
  onlyInMemory: 'SESSION.STATS counts the sessions of the store',
  flags: ['readonly', 'fast'],
  arity: 1,
  arguments: [],
  reply: 'the number of keys',
  run({ client, engine, reply }) {
    reply.integer(engine.sizeOf(client.database));
  },
};
