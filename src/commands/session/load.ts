import type { Command } from '../declaration/command.js';
import { DATA_SET } from './grammar.js';

export const sessionLoad: Command = {
  name: 'session.load',
  summary:
    'Creates the sessions saved in the newest data set with the given name, skipping those that exist. Other clients are served meanwhile.',
  complexity: 'O(N), where N is the number of sessions and their keys',
  group: 'session',
  flags: ['write', 'denyoom', 'admin', 'no_multi'],
  arity: 2,
  arguments: [DATA_SET],
  reply: 'map: name, sessions, keys, skipped (sessions that already exist)',
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
