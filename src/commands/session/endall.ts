import type { Command } from '../command.js';

export const sessionEndall: Command = {
  name: 'session.endall',
  summary: 'Ends every session.',
  complexity: 'O(N) with N sessions',
  group: 'session',
  flags: ['write', 'admin'],
  arguments: [],
  reply: 'how many were ended',
  run({ engine, reply }) {
    reply.integer(engine.endAll());
  },
};
