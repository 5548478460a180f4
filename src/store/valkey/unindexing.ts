import { askByPartition } from './by-partition.js';
import { nameInMember, originIn } from './member.js';
import type { Partitions } from './partitions.js';
import type { Calls } from './session-calls.js';

/**
 * Removes sessions that have ended from the indexes of their names. The function that ends a session notes that this is
 * to be done, so what fails here is done by index repair (`index-repair.ts`).
 */
export class Unindexing {
  readonly #nodes: Calls;
  readonly #partitions: Partitions;

  constructor(nodes: Calls, partitions: Partitions) {
    this.#nodes = nodes;
    this.#partitions = partitions;
  }

  /** Removes sessions, given as members. Never rejects. */
  async remove(members: readonly Buffer[]): Promise<void> {
    if (members.length === 0) return;
    const removed = await askByPartition(
      members,
      (member) => this.#partitions.ofName(nameInMember(member)),
      (partition, some) => this.#call(partition, 'unindex', some),
    );
    await askByPartition(
      members.filter((_, i) => removed[i]),
      (member) => this.#partitions.ofToken(originIn(member)),
      (partition, some) => this.#call(partition, 'unindexed', some),
    );
  }

  /** Returns for each member whether the call succeeded. */
  async #call(partition: number, fn: string, members: readonly Buffer[]): Promise<boolean[]> {
    const succeeded = await this.#nodes.call(partition, fn, members).then(
      () => true,
      () => false,
    );
    return members.map(() => succeeded);
  }
}
