import type { Command } from '../declaration/command.js';
import { NAME } from './grammar.js';

export const sessionEndname: Command = {
  name: 'session.endname',
  summary: 'Ends every session of a name: "log out everywhere".',
  complexity: 'O(N) with N sessions of the name',
  group: 'session',
  flags: ['write'],
  arity: 2,
  arguments: [NAME],
  reply: 'how many were ended',
  run({ engine, reply }, args) {
    reply.integer(engine.endName(args.slice()));
  },
};
