import { NO_SESSION } from '../../engine/index.js';
import type { Command } from '../declaration/command.js';
import { KEY } from '../keys/grammar.js';
import { readKind } from '../keys/lookup.js';

export const smembers: Command = {
  name: 'smembers',
  summary: 'Returns all members of a set.',
  complexity: 'O(N), where N is the number of members',
  group: 'set',
  flags: ['readonly'],
  arity: 2,
  arguments: [KEY],
  reply: 'set of members',
  run(context, args) {
    const { client, engine, reply } = context;
    const session = readKind(context, args.key(client), 'set');
    reply.set(session === NO_SESSION ? 0 : engine.data.count(session));
    if (session !== NO_SESSION) engine.data.forEach(session, (member) => reply.bulk(member));
  },
};
