import type { Command } from '../declaration/command.js';
import { NAME } from './grammar.js';

export const sessionOpen: Command = {
  name: 'session.open',
  summary: 'Returns the token of the shared session of a name.',
  complexity: 'O(1); O(N) with N unshared sessions of the name',
  group: 'session',
  flags: ['readonly', 'fast'],
  arity: 2,
  arguments: [NAME],
  reply: 'token of the live shared session of that name',
  run({ engine, reply }, args) {
    reply.bulk(engine.tokenBytes(engine.open(args.slice())));
  },
};
