import { NO_SESSION } from '../../engine/index.js';
import type { Command } from '../command.js';

export const hlen: Command = {
  name: 'hlen',
  summary: 'Counts the fields of a key: the keys of the shared session of that name.',
  complexity: 'O(1)',
  group: 'hash',
  flags: ['readonly', 'fast'],
  arguments: [{ name: 'key', type: 'key' }],
  reply: 'how many there are, 0 without such a session',
  run({ engine, reply }, args) {
    const session = engine.findShared(args.slice());
    reply.integer(session === NO_SESSION ? 0 : engine.data.count(session));
  },
};
