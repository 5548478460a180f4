import type { Contender } from './contender.js';
import type { ByServer } from './findings.js';

/** Returns an empty list of rounds for each server. */
export function byServer<Round>(contenders: readonly Contender[]): ByServer<Round> {
  return Object.fromEntries(contenders.map(({ name }) => [name, []]));
}
