import { NO_SESSION } from '../../engine/index.js';
import { readPositive } from '../arguments/positive.js';
import type { Command } from '../declaration/command.js';
import { KEY } from '../keys/grammar.js';
import { endIfEmpty, findKind } from '../keys/lookup.js';
import { writeScore } from './score.js';
import { takeMembers } from './take-members.js';

// ZPOPMIN and ZPOPMAX.

function popping(name: 'zpopmin' | 'zpopmax', summary: string): Command {
  return {
    name,
    summary,
    complexity: 'O(M * log N), where M is the number of members removed and N the number of members',
    group: 'sorted-set',
    flags: ['write', 'fast'],
    arity: -2,
    arguments: [KEY, { name: 'count', type: 'integer', optional: true }],
    reply: 'array of members and scores',
    run(context, args) {
      const { client, engine, reply, server } = context;
      const key = args.key(client);
      const count = readPositive(args);
      const session = findKind(engine, key, 'zset');
      if (session === NO_SESSION || count === 0) {
        reply.array(0);
        return;
      }
      const members = engine.data.count(session);
      const taken = Math.min(count ?? 1, members);
      const popped = takeMembers(engine, session, name === 'zpopmin' ? 0 : members - taken, taken);
      if (name === 'zpopmax') popped.reverse();
      // Without a count, the reply is flat in RESP3 too.
      const isNested = count !== undefined && reply.protocol === 3;
      reply.array(isNested ? taken : 2 * taken);
      for (const { member, score } of popped) {
        if (isNested) reply.array(2);
        reply.bulk(member);
        writeScore(reply, score);
      }
      server.keyspaceEvents.notify('z', name, key);
      endIfEmpty(context, key, session);
    },
  };
}

export const zpopmin = popping(
  'zpopmin',
  'Removes the members with the lowest scores from a sorted set, and returns them.',
);
export const zpopmax = popping(
  'zpopmax',
  'Removes the members with the highest scores from a sorted set, and returns them.',
);
