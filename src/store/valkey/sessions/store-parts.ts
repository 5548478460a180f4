import { Addresses } from '../addressing/addresses.js';
import { OriginIds } from '../addressing/origin-ids.js';
import { Partitions } from '../addressing/partitions.js';
import { SharedTokens } from '../addressing/shared-tokens.js';
import { Creation } from '../names/creation.js';
import { Ending } from '../names/ending.js';
import { NameIndexes } from '../names/name-indexes.js';
import { NameSessions } from '../names/name-sessions.js';
import { Unindexing } from '../names/unindexing.js';
import type { Calls } from '../nodes/nodes.js';

/** What the operations of a store work with. */
export interface StoreParts {
  readonly nodes: Calls;
  readonly partitions: Partitions;
  readonly addresses: Addresses;
  readonly ids: OriginIds;
  readonly indexes: NameIndexes;
  readonly names: NameSessions;
  readonly creation: Creation;
  readonly unindexing: Unindexing;
}

/** @param mostAtHome See `Creation`. */
export function storeParts(
  nodes: Calls,
  { partitions: count, secret }: { readonly partitions: number; readonly secret: Uint8Array },
  mostAtHome: number | undefined,
): StoreParts {
  const partitions = new Partitions(count);
  const tokens = new SharedTokens(secret);
  const addresses = new Addresses(partitions, tokens);
  const ids = new OriginIds(secret);
  const unindexing = new Unindexing(nodes, partitions);
  const indexes = new NameIndexes(nodes, partitions);
  const names = new NameSessions(indexes, new Ending(nodes, addresses, unindexing), ids);
  const creation = new Creation(nodes, partitions, tokens, indexes, unindexing, mostAtHome);
  return { nodes, partitions, addresses, ids, indexes, names, creation, unindexing };
}
