import { NO_SESSION } from '../../engine/index.js';
import type { Command } from '../declaration/command.js';
import { DESTINATION, MEMBER } from '../keys/grammar.js';
import { endIfEmpty, findKind } from '../keys/lookup.js';
import { putMembers } from './put-members.js';

export const smove: Command = {
  name: 'smove',
  summary: 'Moves a member from one set to another.',
  complexity: 'O(1)',
  group: 'set',
  flags: ['write', 'denyoom', 'fast'],
  arity: 4,
  arguments: [{ name: 'source', type: 'key', use: 'RW access delete' }, { ...DESTINATION, use: 'RW insert' }, MEMBER],
  reply: '1; 0 if the source does not have the member',
  run(context, args) {
    const { client, engine, reply, server } = context;
    const source = args.key(client);
    const destination = args.key(client);
    const member = args.slice();
    const from = findKind(engine, source, 'set');
    // As in Redis, the destination may be anything if there is no source.
    const to = from === NO_SESSION ? NO_SESSION : findKind(engine, destination, 'set');
    const has = from !== NO_SESSION && engine.data.has(from, member);
    reply.integer(has ? 1 : 0);
    if (!has || from === to) return;
    engine.data.removeMembers(from, [member]);
    server.keyspaceEvents.notify('s', 'srem', source);
    endIfEmpty(context, source, from);
    const added = putMembers(engine, destination, engine.findShared(destination), [member]);
    if (added > 0) server.keyspaceEvents.notify('s', 'sadd', destination);
  },
};
