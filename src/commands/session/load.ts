import type { Command } from '../declaration/command.js';
import { DATA_SET } from './grammar.js';

export const sessionLoad: Command = {
  name: 'session.load',
  summary:
    'Creates the sessions saved in the newest data set with the given name, skipping those that exist. Their durations start again; MAXAGE ends when it would have ended before or, with RESTART, starts again too. Other clients are served meanwhile.',
  complexity: 'O(N), where N is the number of sessions and their keys',
  group: 'session',
  flags: ['write', 'denyoom', 'admin', 'no_multi'],
  onlyInMemory: "use the store's own backups",
  arity: -2,
  arguments: [DATA_SET, { name: 'restart', type: 'pure-token', token: 'RESTART', optional: true }],
  reply: 'map: name, sessions, keys, skipped (sessions that already exist), ended (sessions whose MAXAGE had ended)',
  async run({ server, reply }, args) {
    const name = args.slice().latin1();
    const restart = args.left > 0 && args.choice('RESTART') === 'RESTART';
    args.end();
    const { sessions, keys, skipped, ended } = await server.saves.load(name, restart);
    reply.map(5);
    reply.bulk('name');
    reply.bulk(name);
    reply.bulk('sessions');
    reply.integer(sessions);
    reply.bulk('keys');
    reply.integer(keys);
    reply.bulk('skipped');
    reply.integer(skipped);
    reply.bulk('ended');
    reply.integer(ended);
  },
};
