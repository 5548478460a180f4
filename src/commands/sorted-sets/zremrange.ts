import { NO_SESSION } from '../../engine/index.js';
import type { Argument, Command } from '../declaration/command.js';
import { KEY } from '../keys/grammar.js';
import { endIfEmpty, findKind } from '../keys/lookup.js';
import { GREATEST, LEAST, MAX, MIN } from './grammar.js';
import { type RangeType, readRange } from './member-range.js';
import { takeMembers } from './take-members.js';

// ZREMRANGEBYRANK, ZREMRANGEBYSCORE and ZREMRANGEBYLEX.

function removing(name: string, range: string, type: RangeType, bounds: readonly Argument[]): Command {
  return {
    name,
    summary: `Removes members of a sorted set in a range of ${range}. Removes the key if no members remain.`,
    complexity: 'O(M * log N), where M is the number of members removed and N the number of members',
    group: 'sorted-set',
    flags: ['write'],
    arity: 4,
    arguments: [{ ...KEY, use: 'RW delete' }, ...bounds],
    reply: 'the number of members removed',
    run(context, args) {
      const { client, engine, reply, server } = context;
      const key = args.key(client);
      const range = readRange(args, type);
      const session = findKind(engine, key, 'zset');
      if (session === NO_SESSION) {
        reply.integer(0);
        return;
      }
      const { from, end } = range(engine.data.peekOrder(session));
      const count = Math.max(0, end - from);
      if (count > 0) {
        takeMembers(engine.data, session, from, count, 1, () => {});
        server.keyspaceEvents.notify('z', name, key);
        endIfEmpty(context, key, session);
      }
      reply.integer(count);
    },
  };
}

export const zremrangebyrank = removing('zremrangebyrank', 'ranks', 'rank', [
  { name: 'start', type: 'integer' },
  { name: 'stop', type: 'integer' },
]);
export const zremrangebyscore = removing('zremrangebyscore', 'scores', 'score', [MIN, MAX]);
export const zremrangebylex = removing('zremrangebylex', 'their bytes, if all members have the same score', 'lex', [
  LEAST,
  GREATEST,
]);
