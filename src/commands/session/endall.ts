import type { Command } from '../declaration/command.js';

export const sessionEndall: Command = {
  name: 'session.endall',
  summary: 'Ends every session.',
  complexity: 'O(1); what N sessions leave is worked off later, between other commands',
  group: 'session',
  flags: ['write', 'admin'],
  arity: 1,
  arguments: [],
  reply: 'how many were ended',
  run({ engine, reply }) {
    reply.integer(engine.endAll());
  },
};
