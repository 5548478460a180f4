import { scoreText } from '../../engine/fields/scores.js';
import { SYNTAX } from '../../errors.js';
import type { Context } from '../../execution/context/context.js';
import { Slice } from '../../slice.js';
import type { Arguments } from '../arguments/arguments.js';
import type { NumberErrors } from '../arguments/numbered-keys.js';
import { readScore, writeScore } from '../arguments/score.js';
import { SORTED_SET } from '../collections/collection.js';
import { Copies } from '../collections/copies.js';
import { REPLACES, storeResult } from '../collections/store-result.js';
import type { Argument, Command } from '../declaration/command.js';
import { DESTINATION, numberedKeys } from '../keys/grammar.js';
import { AGGREGATES, type Combination, difference, intersection, type Scores, union } from './combination.js';
import { WITHSCORES } from './grammar.js';
import { errorsOf, readSources } from './sources.js';

// ZUNION, ZINTER and ZDIFF, and the commands that store their results.

const COMPLEXITY =
  'O(N * M + K * log K), where N is the number of members of all keys, M the number of keys, and K the number of members of the result';
const WEIGHTS: Argument = { name: 'weight', type: 'double', token: 'WEIGHTS', optional: true, multiple: true };
const AGGREGATE: Argument = {
  name: 'aggregate',
  type: 'oneof',
  token: 'AGGREGATE',
  optional: true,
  arguments: [
    { name: 'sum', type: 'pure-token', token: 'SUM' },
    { name: 'min', type: 'pure-token', token: 'MIN' },
    { name: 'max', type: 'pure-token', token: 'MAX' },
  ],
};

/** What a pair of commands, such as ZUNION and ZUNIONSTORE, does. */
interface Variant {
  readonly name: string;
  readonly result: string;
  readonly combination: Combination;
  /** Whether it has WEIGHTS and AGGREGATE. */
  readonly weighs: boolean;
}

interface Found {
  readonly scores: Scores;
  readonly withScores: boolean;
}

const OPTIONS = [{ word: 'WEIGHTS' }, { word: 'AGGREGATE' }, { word: 'WITHSCORES' }] as const;

/** Reads the arguments after the destination, and combines the keys. */
function combine(
  context: Context,
  args: Arguments,
  { combination, weighs }: Variant,
  errors: NumberErrors,
  isStoring: boolean,
): Found {
  const sessions = readSources(context, args, errors);
  let weights: number[] | undefined;
  let aggregate = AGGREGATES.SUM;
  let withScores = false;
  while (args.left > 0) {
    const word = args.option(OPTIONS)?.word;
    if (word === 'WEIGHTS' && weighs && args.left >= sessions.length) {
      weights = sessions.map(() => readScore(args.slice(), 'weight value is not a float'));
    } else if (word === 'AGGREGATE' && weighs && args.left > 0) {
      aggregate = AGGREGATES[args.choice('SUM', 'MIN', 'MAX')];
    } else if (word === 'WITHSCORES' && !isStoring) {
      withScores = true;
    } else {
      throw SYNTAX;
    }
  }
  const sources = sessions.map((session, i) => ({ session, weight: weights?.[i] ?? 1 }));
  return { scores: combination(context.engine, sources, aggregate), withScores };
}

function inOrder(scores: Scores): [member: string, score: number][] {
  // Infinity minus Infinity is NaN, which counts as false too.
  return [...scores].sort(([a, low], [b, high]) => low - high || (a < b ? -1 : 1));
}

function combining(variant: Variant): Command {
  const { name, result, weighs } = variant;
  const errors = errorsOf(name);
  return {
    name,
    summary: `Returns ${result}.`,
    complexity: COMPLEXITY,
    group: 'sorted-set',
    flags: ['readonly'],
    arity: -3,
    arguments: [...numberedKeys('RO access'), ...(weighs ? [WEIGHTS, AGGREGATE] : []), WITHSCORES],
    reply: 'array of members; with WITHSCORES, array of members and scores',
    run(context, args) {
      const { reply } = context;
      const { scores, withScores } = combine(context, args, variant, errors, false);
      const isNested = withScores && reply.protocol === 3;
      reply.array(withScores && !isNested ? 2 * scores.size : scores.size);
      for (const [member, score] of inOrder(scores)) {
        if (isNested) reply.array(2);
        reply.latin1(member);
        if (withScores) writeScore(reply, score);
      }
    },
  };
}

function storing(variant: Variant): Command {
  const name = `${variant.name}store`;
  const errors = errorsOf(name);
  return {
    name,
    summary: `Stores ${variant.result}. ${REPLACES}`,
    complexity: COMPLEXITY,
    group: 'sorted-set',
    flags: ['write', 'denyoom'],
    arity: -4,
    arguments: [DESTINATION, ...numberedKeys('RO access'), ...(variant.weighs ? [WEIGHTS, AGGREGATE] : [])],
    reply: 'the number of members stored',
    growth: 'copy',
    run(context, args) {
      const destination = args.key(context.client);
      const { scores } = combine(context, args, variant, errors, true);
      const data = new Copies();
      for (const [member, score] of scores) {
        data.add(Slice.of(Buffer.from(member, 'latin1')));
        data.add(scoreText(score));
      }
      storeResult(context, SORTED_SET, destination, data, name);
    },
  };
}

const UNION: Variant = {
  name: 'zunion',
  result: "the union of sets and sorted sets, with the sum of each member's scores, or the lowest or highest of them",
  combination: union,
  weighs: true,
};
const INTERSECTION: Variant = {
  name: 'zinter',
  result:
    "the intersection of sets and sorted sets, with the sum of each member's scores, or the lowest or highest of them",
  combination: intersection,
  weighs: true,
};
const DIFFERENCE: Variant = {
  name: 'zdiff',
  result: 'the members of the first set or sorted set that the others do not have',
  combination: difference,
  weighs: false,
};

export const zunion = combining(UNION);
export const zinter = combining(INTERSECTION);
export const zdiff = combining(DIFFERENCE);
export const zunionstore = storing(UNION);
export const zinterstore = storing(INTERSECTION);
export const zdiffstore = storing(DIFFERENCE);
