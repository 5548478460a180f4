import { type KeyName, NO_SESSION, type Session, type SessionEngine } from '../../engine/index.js';
import type { Context } from '../../execution/context/context.js';
import type { Slice } from '../../slice.js';
import { readKind } from '../keys/lookup.js';

/**
 * How SUNION, SINTER and SDIFF combine sets: visits each member of the result, until the visitor returns false. A
 * missing set is NO_SESSION. The member is valid until the visitor returns.
 */
export type Combination = (engine: SessionEngine, sets: readonly Session[], visit: (member: Slice) => boolean) => void;

export const union: Combination = (engine, sets, visit) => {
  const [largest, ...others] = new Set([...sets].sort((a, b) => sizeOf(engine, b) - sizeOf(engine, a)));
  forEachMember(engine, largest, visit);
  // By their bytes as text with one character each. Those of the largest set need not be kept.
  const seen = new Set<string>();
  for (const set of others) {
    forEachMember(engine, set, (member) => {
      if (engine.data.has(largest, member)) return true;
      const text = member.latin1();
      if (seen.has(text)) return true;
      seen.add(text);
      return visit(member);
    });
  }
};

export const intersection: Combination = (engine, sets, visit) => {
  if (sets.includes(NO_SESSION)) return;
  // Looks for the members of the smallest set in the others.
  const [smallest, ...others] = new Set([...sets].sort((a, b) => sizeOf(engine, a) - sizeOf(engine, b)));
  forEachMember(engine, smallest, (member) => !others.every((set) => engine.data.has(set, member)) || visit(member));
};

export const difference: Combination = (engine, [first, ...others], visit) => {
  forEachMember(engine, first, (member) => {
    const isInOther = others.some((set) => set !== NO_SESSION && engine.data.has(set, member));
    return isInOther || visit(member);
  });
};

/** Returns the number of members of a set or a sorted set; 0 for NO_SESSION. */
export function sizeOf({ data }: SessionEngine, set: Session): number {
  return set === NO_SESSION ? 0 : data.count(set);
}

/** Visits the members of a set or a sorted set, or of none, until the visitor returns false. */
export function forEachMember({ data }: SessionEngine, set: Session, visit: (member: Slice) => boolean): void {
  if (set === NO_SESSION) return;
  let goesOn = true;
  let cursor = 0;
  do {
    cursor = data.peekSome(set, cursor, AT_ONCE, (member) => {
      goesOn &&= visit(member);
    });
  } while (goesOn && cursor !== 0);
}

/** How many members are visited at once: few, so that little is visited after the visitor has had enough. */
const AT_ONCE = 16;

/**
 * Returns the sets of keys. Counts as a read of each.
 * @param orKind Another kind that the keys may be of.
 * @throws SessionError WRONGTYPE if one is of another kind.
 */
export function readSets(context: Context, keys: readonly KeyName[], orKind?: 'zset'): Session[] {
  const sets = keys.map((key) => readKind(context, key, 'set', orKind));
  for (const set of sets) if (set !== NO_SESSION) context.engine.data.read(set);
  return sets;
}
