import type { Command } from '../declaration/command.js';

export const sessionEndall: Command = {
  name: 'session.endall',
  summary: 'Ends all sessions.',
  complexity: 'O(1); the memory of N sessions is freed later in O(N), between other commands',
  group: 'session',
  flags: ['write', 'admin'],
  arity: 1,
  arguments: [],
  reply: 'the number of sessions ended',
  run({ engine, reply }) {
    reply.integer(engine.endAll());
  },
};
