import { NO_SESSION } from '../../engine/index.js';
import type { Command } from '../command.js';

/** What a shared session is, seen as a key of Redis. */
export const KEY_TYPE = 'hash';

export const type: Command = {
  name: 'type',
  summary: 'Tells what a key holds: a shared session of that name is a hash.',
  complexity: 'O(1)',
  group: 'generic',
  flags: ['readonly', 'fast'],
  arguments: [{ name: 'key', type: 'key' }],
  reply: 'hash or none',
  run({ engine, reply }, args) {
    reply.simple(engine.findShared(args.slice()) === NO_SESSION ? 'none' : KEY_TYPE);
  },
};
