import { Flag } from './tables/slot-table.js';

/**
 * What kind of key of Redis a session is, by Redis' name for the type:
 *
 * - `hash`: it has keys with values. So has every session that a SESSION command creates.
 * - `string`: it has one value, under the empty key.
 * - `set`: its keys are the members. Their values are empty.
 * - `zset`, a sorted set: its keys are the members. Their values are the scores, as text (`fields/scores.ts`).
 */
export type Kind = 'hash' | 'string' | 'set' | 'zset';

/** The flags that say what kind a session is. A hash has none of them. */
export const KIND_FLAGS = Flag.String | Flag.Set | Flag.SortedSet;

/** The flag of each kind. */
export const FLAG_OF_KIND: Readonly<Record<Kind, number>> = {
  hash: 0,
  string: Flag.String,
  set: Flag.Set,
  zset: Flag.SortedSet,
};

/** Returns the kind of a session with these flags. */
export function kindOf(flags: number): Kind {
  if ((flags & KIND_FLAGS) === 0) return 'hash';
  if ((flags & Flag.String) !== 0) return 'string';
  return (flags & Flag.Set) !== 0 ? 'set' : 'zset';
}
