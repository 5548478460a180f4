import type { ScanPage, ScanRange } from '../../session-store.js';
import { integerOf, listOf } from '../library/replies.js';
import type { Calls, Reply } from '../nodes/nodes.js';

/** How many partitions are asked at the same time, at most. */
const MOST_AT_ONCE = 64;
/** How many partitions a scan visits before it returns, even if it has found little. */
const MOST_PARTITIONS = 512;

/**
 * Scans one partition after the other. A cursor consists of the partition and the cursor within it.
 *
 * If there are few items, most partitions have none. So as long as too few are found, the number of partitions that are
 * asked at the same time doubles.
 *
 * @param partitions Their number.
 * @param fn The function to call. It replies with the next cursor within the partition, then two values for each item.
 */
export async function scanPartitions<Item extends { readonly name: Buffer }>(
  nodes: Calls,
  partitions: number,
  fn: string,
  { cursor, count, matches }: ScanRange,
  itemOf: (first: Reply, second: Reply) => Item,
): Promise<ScanPage<Item>> {
  const items: Item[] = [];
  let visited = 0;
  let inside = Math.floor(cursor / partitions);
  let partition = cursor % partitions;
  const end = Math.min(partition + MOST_PARTITIONS, partitions);
  for (let atOnce = 1; partition < end && visited < count; atOnce = Math.min(atOnce * 2, MOST_AT_ONCE)) {
    const asked: Promise<Reply>[] = [];
    for (let i = 0; i < atOnce && partition + i < end; i++) {
      asked.push(nodes.call(partition + i, fn, [i === 0 ? inside : 0, count - visited]));
    }
    for (const reply of await Promise.all(asked)) {
      if (visited >= count) break;
      const [next, ...found] = listOf(reply);
      for (let i = 0; i < found.length; i += 2) {
        const item = itemOf(found[i], found[i + 1]);
        if (matches(item.name.toString('latin1'))) items.push(item);
      }
      visited += found.length / 2;
      inside = integerOf(next);
      // The next call begins with the rest of this partition. It asks the later partitions again.
      if (inside !== 0) return { cursor: inside * partitions + partition, items };
      partition++;
    }
  }
  return { cursor: partition < partitions ? partition : 0, items };
}
