import type { Command } from '../declaration/command.js';
import { DATA_SET } from './grammar.js';

export const sessionLoad: Command = {
  name: 'session.load',
  summary:
    'Creates the sessions of the newest data set of that name, except those that exist, while others are served.',
  complexity: 'O(N) with N the sessions and their keys',
  group: 'session',
  flags: ['write', 'denyoom', 'admin', 'no_multi'],
  arity: 2,
  arguments: [DATA_SET],
  reply: 'map: name, sessions, keys, skipped (sessions that exist)',
  async run({ server, reply }, args) {
    const name = args.slice().latin1();
    const { sessions, keys, skipped } = await server.saves.load(name);
    reply.map(4);
    reply.bulk('name');
    reply.bulk(name);
    reply.bulk('sessions');
    reply.integer(sessions);
    reply.bulk('keys');
    reply.integer(keys);
    reply.bulk('skipped');
    reply.integer(skipped);
  },
};
