import { type Reply, show } from '../tools/replies.js';
import type { Client } from './client.js';
import type { Request } from './sequence.js';

/** More pages than there can be. */
const ENDLESS = 1000;
/** Redis returns a small hash as one page. */
const KEYS_AT_ONCE = '1';
const FIELDS_AT_ONCE = '10';

const TYPES = [
  { type: 'hash', scan: 'HSCAN', width: 2 },
  { type: 'set', scan: 'SSCAN', width: 1 },
  { type: 'zset', scan: 'ZSCAN', width: 2 },
];

/** Scans all keys, and everything in hashes, sets and sorted sets, over many pages. */
export async function scanAll(client: Client): Promise<Reply> {
  const keys = await iterate(client, (cursor) => ['SCAN', cursor, 'COUNT', KEYS_AT_ONCE], 1);
  const all: Reply[] = [keys];
  for (const { type, scan, width } of TYPES) {
    const found = await iterate(client, (cursor) => ['SCAN', cursor, 'COUNT', KEYS_AT_ONCE, 'TYPE', type], 1);
    for (const [key] of found) {
      const items = await iterate(client, (cursor) => [scan, String(key), cursor, 'COUNT', FIELDS_AT_ONCE], width);
      // Only the members of sorted sets: Redis writes a score in different ways, depending on how it stores it.
      all.push([key, type === 'zset' ? items.map(([member]) => member) : items]);
    }
  }
  return all;
}

/**
 * Returns the items of all pages, sorted and without repetition, because Redis promises neither.
 * @param width How many items belong together.
 */
async function iterate(client: Client, request: (cursor: string) => Request, width: number): Promise<Reply[][]> {
  const found = new Map<string, Reply[]>();
  let cursor = '0';
  for (let pages = 0; pages < ENDLESS; pages++) {
    const [[reply]] = await client.ask([[request(cursor)]]);
    if (!Array.isArray(reply) || !Array.isArray(reply[1])) return [[reply]];
    const items = reply[1];
    for (let i = 0; i < items.length; i += width) {
      const item = items.slice(i, i + width);
      found.set(show(item), item);
    }
    cursor = String(reply[0]);
    if (cursor === '0') return [...found].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item);
  }
  return [['the iteration does not end']];
}
