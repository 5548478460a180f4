import type { Slice } from '../../slice.js';
import type { ScoreTree } from './score-tree.js';
import { parseScore } from './scores.js';

/**
 * The members of a sorted set in order: by score and, for equal scores, by their bytes. A rank is a place in this
 * order, from 0 on. An order is valid until the next change of the session.
 */
export interface Order {
  /** The number of members. */
  readonly count: number;
  /** Returns the rank of a member, or -1 if there is none. */
  rankOf(member: Slice): number;
  /** Returns how many members have a score below `score`, or with `orEqual` at most `score`. */
  countBelow(score: number, orEqual: boolean): number;
  /**
   * Returns how many members come before `member` in the order of bytes, or with `orEqual` up to `member`. Only for
   * sets whose members all have the same score.
   */
  countBefore(member: Slice, orEqual: boolean): number;
  /**
   * Visits members by rank. What the visitor gets is valid until it returns. The visitor must not change the session.
   * @param from The rank of the first member to visit.
   * @param count How many to visit. There must be that many.
   * @param step 1 to visit higher ranks next, -1 for lower ones.
   */
  visit(from: number, count: number, step: 1 | -1, visit: (member: Slice, score: number) => void): void;
}

interface ScoredMember {
  readonly member: Slice;
  readonly score: number;
}

/** The order of a few members, which are sorted when it is asked for. */
export class SortedOrder implements Order {
  readonly #members: ScoredMember[] = [];

  /** Adds a member. @param member Must stay valid. @throws RangeError if the value is not a score. */
  add(member: Slice, value: Slice): void {
    const score = parseScore(value);
    if (Number.isNaN(score)) throw new RangeError('not a score');
    this.#members.push({ member, score });
  }

  /** Call this once all members are added. */
  sort(): void {
    // Infinity minus Infinity is NaN, which counts as false too.
    this.#members.sort((a, b) => a.score - b.score || a.member.compare(b.member));
  }

  get count(): number {
    return this.#members.length;
  }

  rankOf(member: Slice): number {
    return this.#members.findIndex((own) => own.member.equals(member));
  }

  countBelow(score: number, orEqual: boolean): number {
    return this.#countWhile((own) => own.score < score || (orEqual && own.score === score));
  }

  countBefore(member: Slice, orEqual: boolean): number {
    return this.#countWhile((own) => own.member.compare(member) < (orEqual ? 1 : 0));
  }

  #countWhile(isBefore: (own: ScoredMember) => boolean): number {
    const place = this.#members.findIndex((own) => !isBefore(own));
    return place < 0 ? this.#members.length : place;
  }

  visit(from: number, count: number, step: 1 | -1, visit: (member: Slice, score: number) => void): void {
    for (let left = count, rank = from; left > 0; left--, rank += step) {
      const { member, score } = this.#members[rank];
      visit(member, score);
    }
  }
}

/** What a tree's members are. */
interface Members {
  /** Returns the member with a number, valid until the next call. */
  keyOf(member: number): Slice;
  /** Returns the score of a member, or undefined if there is none. */
  scoreOf(member: Slice): number | undefined;
}

/** The order of many members, which is in a tree. */
export class TreeOrder implements Order {
  readonly #tree: ScoreTree;
  readonly #root: number;
  readonly #members: Members;

  constructor(tree: ScoreTree, root: number, members: Members) {
    this.#tree = tree;
    this.#root = root;
    this.#members = members;
  }

  get count(): number {
    return this.#tree.size(this.#root);
  }

  rankOf(member: Slice): number {
    const score = this.#members.scoreOf(member);
    if (score === undefined) return -1;
    return this.#tree.countBefore(this.#root, score, (other) => this.#members.keyOf(other).compare(member));
  }

  countBelow(score: number, orEqual: boolean): number {
    return this.#tree.countBefore(this.#root, score, () => (orEqual ? -1 : 0));
  }

  countBefore(member: Slice, orEqual: boolean): number {
    let least = 0;
    this.#tree.visit(this.#root, 0, 1, 1, (_, score) => {
      least = score;
    });
    return this.#tree.countBefore(this.#root, least, (other) => {
      const order = this.#members.keyOf(other).compare(member);
      return orEqual && order === 0 ? -1 : order;
    });
  }

  visit(from: number, count: number, step: 1 | -1, visit: (member: Slice, score: number) => void): void {
    this.#tree.visit(this.#root, from, count, step, (member, score) => visit(this.#members.keyOf(member), score));
  }
}
