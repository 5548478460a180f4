import type { Session, SessionEngine } from '../../engine/index.js';
import type { Slice } from '../../slice.js';
import * as sets from '../sets/combination.js';

/** A set or a sorted set that is combined with others, or NO_SESSION. The members of a set have the score 1. */
export interface Source {
  readonly session: Session;
  /** What its scores are multiplied by. */
  readonly weight: number;
}

/** Returns a member's score from its scores in two sources. */
export type Aggregate = (one: number, other: number) => number;

export const AGGREGATES: Readonly<Record<'SUM' | 'MIN' | 'MAX', Aggregate>> = {
  SUM: (one, other) => orZero(one + other),
  // Not `Math.min` and `Math.max`, which differ from Redis if a score is NaN.
  MIN: (one, other) => (other < one ? other : one),
  MAX: (one, other) => (other > one ? other : one),
};

/** The members of a result by their bytes, as text with one character each, and their scores. */
export type Scores = Map<string, number>;

/** How ZUNION, ZINTER and ZDIFF combine sorted sets. */
export type Combination = (engine: SessionEngine, sources: readonly Source[], aggregate: Aggregate) => Scores;

export const union: Combination = (engine, sources, aggregate) => {
  const scores: Scores = new Map();
  for (const source of smallestFirst(engine, sources)) {
    sets.forEachMember(engine, source.session, (member) => {
      const text = member.latin1();
      const score = orZero(scoreIn(engine, source, member));
      const former = scores.get(text);
      scores.set(text, former === undefined ? score : aggregate(former, score));
      return true;
    });
  }
  return scores;
};

export const intersection: Combination = (engine, sources, aggregate) => {
  const [smallest, ...others] = smallestFirst(engine, sources);
  return scored(engine, sources, sets.intersection, (member) =>
    others.reduce(
      (score, other) => aggregate(score, scoreIn(engine, other, member)),
      orZero(scoreIn(engine, smallest, member)),
    ),
  );
};

export const difference: Combination = (engine, sources) =>
  scored(engine, sources, sets.difference, (member) => scoreIn(engine, sources[0], member));

/** Combines the members as those of sets, and gives each the score that `scoreOf` returns. */
function scored(
  engine: SessionEngine,
  sources: readonly Source[],
  combination: sets.Combination,
  scoreOf: (member: Slice) => number,
): Scores {
  const scores: Scores = new Map();
  combination(
    engine,
    sources.map(({ session }) => session),
    (member) => {
      scores.set(member.latin1(), scoreOf(member));
      return true;
    },
  );
  return scores;
}

/** Returns the weighted score of a member, which the source must have. May be NaN. */
function scoreIn(engine: SessionEngine, { session, weight }: Source, member: Slice): number {
  if (engine.kindOf(session) === 'set') return weight;
  return (engine.data.peekScore(session, member) ?? NaN) * weight;
}

/** As in Redis, infinity times 0 and infinity minus infinity are 0. */
function orZero(score: number): number {
  return Number.isNaN(score) ? 0 : score;
}

/** Redis combines scores in this order, which matters for the last digit of a sum. */
function smallestFirst(engine: SessionEngine, sources: readonly Source[]): readonly Source[] {
  return [...sources].sort((a, b) => sets.sizeOf(engine, a.session) - sets.sizeOf(engine, b.session));
}
