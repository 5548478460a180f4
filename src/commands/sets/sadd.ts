import type { Command } from '../declaration/command.js';
import { KEY, MEMBERS } from '../keys/grammar.js';
import { putMembers } from './put-members.js';

export const sadd: Command = {
  name: 'sadd',
  summary: 'Adds members to a set.',
  complexity: 'O(N), where N is the number of members given',
  group: 'set',
  flags: ['write', 'denyoom', 'fast'],
  arity: -3,
  arguments: [{ ...KEY, use: 'RW insert' }, MEMBERS],
  reply: 'the number of new members',
  run({ client, engine, reply, server }, args) {
    const key = args.key(client);
    const added = putMembers(engine, key, engine.findShared(key), args.rest());
    if (added > 0) server.keyspaceEvents.notify('s', 'sadd', key);
    reply.integer(added);
  },
};
