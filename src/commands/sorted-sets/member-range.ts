import type { Order } from '../../engine/index.js';
import { CodedError } from '../../errors.js';
import { Slice } from '../../slice.js';
import type { Arguments } from '../arguments/arguments.js';
import { parseScoreBound } from '../arguments/score.js';

/** The ranks of some members of a sorted set: those from `from` on, up to but without `end`. */
export interface Ranks {
  readonly from: number;
  readonly end: number;
}

/** Which members a command is about. Given their order, returns their ranks. `end` may be below `from`: none. */
export type MemberRange = (order: Order) => Ranks;

/** How the two ends of a range are given: as ranks, as scores, or as members in the order of their bytes. */
export type RangeType = 'rank' | 'score' | 'lex';

/**
 * Reads the two ends of a range.
 * @param isReversed Whether the range counts from the end (ranks), or its higher end comes first (scores and members).
 * @throws CodedError as Redis words it.
 */
export function readRange(args: Arguments, type: RangeType, isReversed = false): MemberRange {
  if (type === 'rank') return rankRange(Number(args.int64()), Number(args.int64()), isReversed);
  const [first, second] = [args.slice(), args.slice()];
  const [min, max] = isReversed ? [second, first] : [first, second];
  return type === 'score' ? scoreRange(min, max) : lexRange(min, max);
}

/** Negative ranks count from the end. */
function rankRange(first: number, last: number, isReversed: boolean): MemberRange {
  return ({ count }) => {
    const from = Math.max(0, first < 0 ? count + first : first);
    const end = Math.min(count, (last < 0 ? count + last : last) + 1);
    return isReversed ? { from: count - end, end: count - from } : { from, end };
  };
}

function scoreRange(minText: Slice, maxText: Slice): MemberRange {
  const min = parseScoreBound(minText);
  const max = parseScoreBound(maxText);
  if (min === undefined || max === undefined) throw new CodedError('ERR', 'min or max is not a float');
  return (order) => ({
    from: order.countBelow(min.score, min.isExclusive),
    end: order.countBelow(max.score, !max.isExclusive),
  });
}

function lexRange(minText: Slice, maxText: Slice): MemberRange {
  const min = parseLexBound(minText);
  const max = parseLexBound(maxText);
  return (order) => ({ from: countBefore(order, min, true), end: countBefore(order, max, false) });
}

/** One end of a range of members. */
interface LexBound {
  readonly member: Slice;
  readonly isExclusive: boolean;
}

/** Reads one end of a range of members: `-`, `+`, or `[` or `(` and the member. */
function parseLexBound({ bytes, start, end }: Slice): LexBound | '-' | '+' {
  const first = String.fromCharCode(bytes[start] ?? 0);
  if ((first === '-' || first === '+') && end - start === 1) return first;
  if (end === start || (first !== '[' && first !== '('))
    throw new CodedError('ERR', 'min or max not valid string range item');
  return { member: Slice.of(Buffer.from(bytes.subarray(start + 1, end))), isExclusive: first === '(' };
}

/** Returns how many members come before one end of a range. @param isMin Whether it is the lower end. */
function countBefore(order: Order, bound: LexBound | '-' | '+', isMin: boolean): number {
  if (bound === '-') return 0;
  if (bound === '+') return order.count;
  return order.countBefore(bound.member, bound.isExclusive === isMin);
}
