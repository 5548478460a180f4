import { askByPartition } from '../addressing/by-partition.js';
import { nameInMember, originIn } from '../addressing/member.js';
import type { Places } from '../addressing/partitions.js';
import type { Calls } from '../nodes/nodes.js';
import { Gathering } from './gathering.js';

/** How long a session that a command has ended may stay in the index of its name, in ms. */
const SOON_MS = 100;

/** The most sessions of one call. */
const BATCH = 128;

/**
 * Removes sessions that have ended from the indexes of their names. The function that ends a session notes that this
 * still has to be done, so index repair (`index-repair.ts`) does what fails here.
 */
export class Unindexing {
  readonly #nodes: Calls;
  readonly #partitions: Places;
  readonly #batch: number;
  readonly #ended = new Gathering<Buffer>(SOON_MS, (members) => void this.remove(members));
  readonly #onError: (error: unknown) => void;

  /** @param batch The most sessions of one call. @param onError Called for each call that fails. */
  constructor(nodes: Calls, partitions: Places, batch = BATCH, onError: (error: unknown) => void = () => {}) {
    this.#nodes = nodes;
    this.#partitions = partitions;
    this.#batch = batch;
    this.#onError = onError;
  }

  /** Removes a session a little later, together with others. */
  removeSoon(member: Buffer): void {
    this.#ended.add(member);
  }

  /** Removes now what would be removed a little later. */
  flush(): void {
    this.#ended.flush();
  }

  /** Removes sessions, given as members. Never rejects. */
  async remove(members: readonly Buffer[]): Promise<void> {
    if (members.length === 0) return;
    const removed = await askByPartition(
      members,
      (member) => this.#partitions.ofName(nameInMember(member)),
      (partition, some) => this.#call(partition, 'unindex', some),
      this.#batch,
    );
    await askByPartition(
      members.filter((_, i) => removed[i]),
      (member) => this.#partitions.ofToken(originIn(member)),
      (partition, some) => this.#call(partition, 'unindexed', some),
      this.#batch,
    );
  }

  /** Returns for each member whether the call succeeded. */
  async #call(partition: number, fn: string, members: readonly Buffer[]): Promise<boolean[]> {
    const succeeded = await this.#nodes.call(partition, fn, members).then(
      () => true,
      (error) => {
        this.#onError(error);
        return false;
      },
    );
    return members.map(() => succeeded);
  }
}
