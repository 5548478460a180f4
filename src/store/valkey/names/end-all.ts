import { listOf, membersIn } from '../library/replies.js';
import type { Calls } from '../nodes/nodes.js';
import type { Unindexing } from './unindexing.js';

/** How many partitions are processed at the same time. */
const PARTITIONS_AT_ONCE = 16;
/** About how many sessions one call ends. */
const PER_CALL = 64;

/**
 * Ends all sessions, partition by partition. A session that is created meanwhile may live on.
 * @param partitions Their number.
 * @returns How many there were.
 */
export async function endAll(nodes: Calls, partitions: number, unindexing: Unindexing): Promise<number> {
  let ended = 0;
  let next = 0;
  const work = async () => {
    while (next < partitions) {
      const partition = next++;
      for (let cursor = '0', isFirst = true; isFirst || cursor !== '0'; isFirst = false) {
        const [after, ...found] = listOf(await nodes.call(partition, 'endsome', [cursor, PER_CALL]));
        cursor = String(after);
        ended += found.length;
        await unindexing.remove(membersIn(found));
      }
    }
  };
  // The client gets its reply as soon as a call fails. Sessions that it creates after that must not end.
  const stop = (error: unknown) => {
    next = partitions;
    throw error;
  };
  await Promise.all(Array.from({ length: PARTITIONS_AT_ONCE }, () => work().catch(stop)));
  return ended;
}
