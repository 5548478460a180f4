import { Flag } from './tables/slot-table.js';

/**
 * What a session is as a key of Redis, by Redis' name for the type: a `hash` has keys with values, as every session that the SESSION commands create;
 * a `string` has one value, under the empty key; the keys of a `set` are its members, and have empty values; the keys of
 * a `zset`, a sorted set, are its members, and their values are the scores as text (`scores.ts`).
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
