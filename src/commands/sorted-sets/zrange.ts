import { scoreText } from '../../engine/fields/scores.js';
import { type KeyName, NO_SESSION, type Order, type Session } from '../../engine/index.js';
import { CodedError, SYNTAX } from '../../errors.js';
import type { Context } from '../../execution/context/context.js';
import type { Arguments } from '../arguments/arguments.js';
import { writeScore } from '../arguments/score.js';
import { SORTED_SET } from '../collections/collection.js';
import { Copies } from '../collections/copies.js';
import { REPLACES, storeResult } from '../collections/store-result.js';
import type { Argument, Command } from '../declaration/command.js';
import { KEY } from '../keys/grammar.js';
import { readKind } from '../keys/lookup.js';
import { GREATEST, LEAST, LIMIT, MAX, MIN, WITHSCORES } from './grammar.js';
import { type MemberRange, type RangeType, readRange } from './member-range.js';

// ZRANGE, the older commands that do a part of what it does, and ZRANGESTORE.

/** What a command fixes; the rest are options. */
interface Fixed {
  readonly type?: RangeType;
  readonly isReversed?: boolean;
  readonly isStoring?: true;
}

/** What a request asks for. */
interface Wanted {
  readonly key: KeyName;
  readonly range: MemberRange;
  readonly isReversed: boolean;
  readonly withScores: boolean;
  /** How many members of the range to leave out. None is left if it is negative. */
  readonly offset: number;
  /** How many members to return at most. All if it is negative. */
  readonly count: number;
}

const OPTIONS = [
  { word: 'WITHSCORES' },
  { word: 'LIMIT' },
  { word: 'REV' },
  { word: 'BYLEX' },
  { word: 'BYSCORE' },
] as const;

/** Reads the arguments: a key, the ends of the range, and options. The options say how to read the ends. */
function read({ client }: Context, args: Arguments, fixed: Fixed): Wanted {
  const key = args.key(client);
  const ends = args.mark();
  args.slice();
  args.slice();
  let { type, isReversed } = fixed;
  let withScores = false;
  let [offset, count] = [0, -1];
  while (args.left > 0) {
    const word = args.option(OPTIONS)?.word;
    if (word === 'WITHSCORES' && !fixed.isStoring) withScores = true;
    else if (word === 'LIMIT' && args.left >= 2) [offset, count] = [Number(args.int64()), Number(args.int64())];
    else if (word === 'REV' && isReversed === undefined) isReversed = true;
    else if (word === 'BYLEX' && type === undefined) type = 'lex';
    else if (word === 'BYSCORE' && type === undefined) type = 'score';
    else throw SYNTAX;
  }
  type ??= 'rank';
  isReversed ??= false;
  if (type === 'rank') {
    if (count !== -1) throw LIMIT_WITHOUT;
    // Redis accepts this LIMIT, and ignores its offset.
    offset = 0;
  }
  if (withScores && type === 'lex')
    throw new CodedError('ERR', 'syntax error, WITHSCORES not supported in combination with BYLEX');
  args.back(ends);
  return { key, range: readRange(args, type, isReversed), isReversed, withScores, offset, count };
}

const LIMIT_WITHOUT = new CodedError(
  'ERR',
  'syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX',
);

/** Which members to visit. */
interface Visit {
  /** The rank of the first. */
  readonly from: number;
  readonly count: number;
  readonly step: 1 | -1;
}

function visitOf({ range, isReversed, offset, count }: Wanted, order: Order): Visit {
  const { from, end } = range(order);
  const left = offset < 0 ? 0 : Math.max(0, end - from - offset);
  const most = count < 0 ? left : Math.min(left, count);
  return isReversed ? { from: end - 1 - offset, count: most, step: -1 } : { from: from + offset, count: most, step: 1 };
}

function writeMembers(context: Context, wanted: Wanted, session: Session): void {
  const { engine, reply } = context;
  if (session === NO_SESSION) {
    reply.array(0);
    return;
  }
  engine.data.read(session);
  const order = engine.data.peekOrder(session);
  const { from, count, step } = visitOf(wanted, order);
  const { withScores } = wanted;
  const isNested = withScores && reply.protocol === 3;
  reply.array(withScores && !isNested ? 2 * count : count);
  order.visit(from, count, step, (member, score) => {
    if (isNested) reply.array(2);
    reply.bulk(member);
    if (withScores) writeScore(reply, score);
  });
}

const COMPLEXITY = 'O(log N + M), where N is the number of members and M the number of members returned';
const REPLY = 'array of members; with WITHSCORES, array of members and scores';

function ranging(name: string, summary: string, args: readonly Argument[], fixed: Fixed): Command {
  return {
    name,
    summary,
    complexity: COMPLEXITY,
    group: 'sorted-set',
    flags: ['readonly'],
    arity: -4,
    arguments: [KEY, ...args],
    reply: fixed.type === 'lex' ? 'array of members' : REPLY,
    run(context, given) {
      const wanted = read(context, given, fixed);
      writeMembers(context, wanted, readKind(context, wanted.key, 'zset'));
    },
  };
}

const START: Argument = { name: 'start', type: 'string' };
const STOP: Argument = { name: 'stop', type: 'string' };
const BY: Argument = {
  name: 'sortby',
  type: 'oneof',
  optional: true,
  arguments: [
    { name: 'byscore', type: 'pure-token', token: 'BYSCORE' },
    { name: 'bylex', type: 'pure-token', token: 'BYLEX' },
  ],
};
const REV: Argument = { name: 'rev', type: 'pure-token', token: 'REV', optional: true };

export const zrange = ranging(
  'zrange',
  'Returns members of a sorted set in a range of ranks, of scores (BYSCORE) or of bytes (BYLEX), in order or in reverse order (REV).',
  [START, STOP, BY, REV, LIMIT, WITHSCORES],
  {},
);
export const zrevrange = ranging(
  'zrevrange',
  'Returns members of a sorted set in a range of ranks, in reverse order.',
  [{ name: 'start', type: 'integer' }, { name: 'stop', type: 'integer' }, WITHSCORES],
  { type: 'rank', isReversed: true },
);
export const zrangebyscore = ranging(
  'zrangebyscore',
  'Returns members of a sorted set in a range of scores.',
  [MIN, MAX, WITHSCORES, LIMIT],
  { type: 'score', isReversed: false },
);
export const zrevrangebyscore = ranging(
  'zrevrangebyscore',
  'Returns members of a sorted set in a range of scores, in reverse order.',
  [MAX, MIN, WITHSCORES, LIMIT],
  { type: 'score', isReversed: true },
);
export const zrangebylex = ranging(
  'zrangebylex',
  'Returns members of a sorted set in a range of their bytes. Use it only if all members have the same score.',
  [LEAST, GREATEST, LIMIT],
  { type: 'lex', isReversed: false },
);
export const zrevrangebylex = ranging(
  'zrevrangebylex',
  'Returns members of a sorted set in a range of their bytes, in reverse order. Use it only if all members have the same score.',
  [GREATEST, LEAST, LIMIT],
  { type: 'lex', isReversed: true },
);

export const zrangestore: Command = {
  name: 'zrangestore',
  summary: `Stores what ZRANGE returns. ${REPLACES}`,
  complexity: 'O(log N + M * log M), where N is the number of members and M the number of members stored',
  group: 'sorted-set',
  flags: ['write', 'denyoom'],
  arity: -5,
  arguments: [
    { name: 'dst', type: 'key', use: 'OW update' },
    { name: 'src', type: 'key', use: 'RO access' },
    { name: 'min', type: 'string' },
    { name: 'max', type: 'string' },
    BY,
    REV,
    LIMIT,
  ],
  reply: 'the number of members stored',
  growth: 'copy',
  run(context, args) {
    const { client, engine } = context;
    const destination = args.key(client);
    const wanted = read(context, args, { isStoring: true });
    const session = readKind(context, wanted.key, 'zset');
    const data = new Copies();
    if (session !== NO_SESSION) {
      engine.data.read(session);
      const order = engine.data.peekOrder(session);
      const { from, count, step } = visitOf(wanted, order);
      order.visit(from, count, step, (member, score) => {
        data.add(member);
        data.add(scoreText(score));
      });
    }
    storeResult(context, SORTED_SET, destination, data, 'zrangestore');
  },
};
