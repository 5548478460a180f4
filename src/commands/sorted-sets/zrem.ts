import { NO_SESSION } from '../../engine/index.js';
import type { Command } from '../declaration/command.js';
import { KEY } from '../keys/grammar.js';
import { endIfEmpty, findKind } from '../keys/lookup.js';
import { MEMBERS } from './grammar.js';

export const zrem: Command = {
  name: 'zrem',
  summary: 'Removes members from a sorted set. Removes the key if no members remain.',
  complexity: 'O(M * log N), where M is the number of members given and N the number of members',
  group: 'sorted-set',
  flags: ['write', 'fast'],
  arity: -3,
  arguments: [KEY, MEMBERS],
  reply: 'the number of members removed',
  run(context, args) {
    const { client, engine, reply, server } = context;
    const key = args.key(client);
    const session = findKind(engine, key, 'zset');
    const removed = session === NO_SESSION ? 0 : engine.data.removeMembers(session, args.rest());
    if (removed > 0) {
      server.keyspaceEvents.notify('z', 'zrem', key);
      endIfEmpty(context, key, session);
    }
    reply.integer(removed);
  },
};
