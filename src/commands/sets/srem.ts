import { NO_SESSION } from '../../engine/index.js';
import type { Command } from '../declaration/command.js';
import { KEY } from '../keys/grammar.js';
import { endIfEmpty, findKind } from '../keys/lookup.js';
import { MEMBERS } from './set.js';

export const srem: Command = {
  name: 'srem',
  summary: 'Removes members from a set. Removes the key if no members remain.',
  complexity: 'O(N), where N is the number of members given',
  group: 'set',
  flags: ['write', 'fast'],
  arity: -3,
  arguments: [KEY, MEMBERS],
  reply: 'the number of members removed',
  run(context, args) {
    const { client, engine, reply, server } = context;
    const key = args.key(client);
    const session = findKind(engine, key, 'set');
    const removed = session === NO_SESSION ? 0 : engine.data.removeMembers(session, args.rest());
    if (removed > 0) {
      server.keyspaceEvents.notify('s', 'srem', key);
      endIfEmpty(context, key, session);
    }
    reply.integer(removed);
  },
};
