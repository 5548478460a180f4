import { parseInt64 } from '../../engine/fields/int64.js';
import { type KeyName, keyIn, NO_SESSION, type Session } from '../../engine/index.js';
import { CodedError, SYNTAX } from '../../errors.js';
import type { Context } from '../../execution/context/context.js';
import type { Arguments } from '../arguments/arguments.js';
import { readNumberedKeys, TOO_FEW_KEYS } from '../arguments/numbered-keys.js';
import { readPositive } from '../arguments/positive.js';
import { writeScore } from '../arguments/score.js';
import type { Command } from '../declaration/command.js';
import { KEY, numberedKeys } from '../keys/grammar.js';
import { endIfEmpty, findKind } from '../keys/lookup.js';
import { takeMembers } from './take-members.js';

// ZPOPMIN, ZPOPMAX and ZMPOP.

type End = 'MIN' | 'MAX';

/** Removes up to `count` members from one end of a sorted set, and writes them. */
function pop(context: Context, key: KeyName, session: Session, end: End, count: number, isNested: boolean): void {
  const { engine, reply, server } = context;
  const members = engine.data.count(session);
  const taken = Math.min(count, members);
  const [from, step] = end === 'MIN' ? ([0, 1] as const) : ([members - 1, -1] as const);
  reply.array(isNested ? taken : 2 * taken);
  takeMembers(engine.data, session, from, taken, step, (member, score) => {
    if (isNested) reply.array(2);
    reply.bulk(member);
    writeScore(reply, score);
  });
  server.keyspaceEvents.notify('z', end === 'MIN' ? 'zpopmin' : 'zpopmax', key);
  endIfEmpty(context, key, session);
}

function popping(name: string, end: End, which: string): Command {
  return {
    name,
    summary: `Removes the members with the ${which} scores from a sorted set, and returns them.`,
    complexity: 'O(M * log N), where M is the number of members removed and N the number of members',
    group: 'sorted-set',
    flags: ['write', 'fast'],
    arity: -2,
    arguments: [
      { ...KEY, use: 'RW access delete' },
      { name: 'count', type: 'integer', optional: true },
    ],
    reply: 'array of members and scores',
    run(context, args) {
      const { client, engine, reply } = context;
      const key = args.key(client);
      const count = readPositive(args);
      const session = findKind(engine, key, 'zset');
      // Without a count, the reply is flat in RESP3 too.
      const isNested = count !== undefined && reply.protocol === 3;
      if (session === NO_SESSION || count === 0) reply.array(0);
      else pop(context, key, session, end, count ?? 1, isNested);
    },
  };
}

export const zpopmin = popping('zpopmin', 'MIN', 'lowest');
export const zpopmax = popping('zpopmax', 'MAX', 'highest');

const NO_COUNT = new CodedError('ERR', 'count should be greater than 0');

export const zmpop: Command = {
  name: 'zmpop',
  summary:
    'Removes the members with the lowest or highest scores from the first sorted set that exists, and returns them.',
  complexity:
    'O(K + M * log N), where K is the number of keys, M the number of members removed and N the number of members',
  group: 'sorted-set',
  flags: ['write'],
  arity: -4,
  arguments: [
    ...numberedKeys('RW access delete'),
    {
      name: 'where',
      type: 'oneof',
      arguments: [
        { name: 'min', type: 'pure-token', token: 'MIN' },
        { name: 'max', type: 'pure-token', token: 'MAX' },
      ],
    },
    { name: 'count', type: 'integer', token: 'COUNT', optional: true },
  ],
  reply: 'the key and an array of members and scores, or null if none of the keys exists',
  run(context, args) {
    const { client, engine, reply } = context;
    const keys = readNumberedKeys(args, client, { tooFew: TOO_FEW_KEYS });
    if (args.left === 0) throw SYNTAX;
    const end = args.choice('MIN', 'MAX');
    const count = readCount(args);
    for (const key of keys) {
      const session = findKind(engine, key, 'zset');
      if (session === NO_SESSION) continue;
      reply.array(2);
      reply.bulk(keyIn(key, client.database));
      pop(context, key, session, end, count, true);
      return;
    }
    reply.nullArray();
  },
};

/** Reads the remaining arguments, `[COUNT count]`. */
function readCount(args: Arguments): number {
  if (args.left === 0) return 1;
  args.choice('COUNT');
  const count = parseInt64(args.slice());
  if (count === undefined || count <= 0n) throw NO_COUNT;
  args.end();
  return Number(count);
}
