import type { Clock } from '../../../engine/index.js';
import { Lateness } from '../../../engine/index.js';
import type { Nodes, Subscription } from '../nodes/nodes.js';
import { OwnedPartition, type OwnerParts } from './owned-partition.js';
import { Timers } from './timers.js';

/** About how many sessions are read ahead in all, 200 bytes each. Announcements can make it four times as many. */
const READ_AHEAD = 2 ** 16;
/** The most and the fewest sessions that are read ahead in one partition. */
const MOST_OF_PARTITION = 1024;
const LEAST_OF_PARTITION = 64;

export interface OwnerOptions {
  readonly nodes: Nodes;
  /** About how many events each partition keeps. */
  readonly events: number;
  readonly clock: Clock;
  /**
   * Called for each session that this process has expired, or whose data or keys.
   * @param late In ms.
   * @param isIndexed Whether its entry in the index of its name is still to be removed.
   */
  readonly onExpired?: (late: number, partition: number, isIndexed: boolean) => void;
  /** Called for an error that is a bug. */
  readonly onFault: (fault: unknown) => void;
}

/** Expires the sessions of the partitions that belong to this process on time. */
export class Owner {
  /** How late sessions were expired by this process. */
  readonly lateness: Lateness;

  readonly #nodes: Nodes;
  readonly #timers: Timers;
  readonly #parts: OwnerParts & { page: number };
  readonly #owned = new Map<number, OwnedPartition>();
  /** The partitions with sessions that have become due in this slice. */
  readonly #ready = new Set<OwnedPartition>();
  #announcements: Subscription | undefined;

  constructor({ nodes, events, clock, onExpired, onFault }: OwnerOptions) {
    this.#nodes = nodes;
    this.lateness = new Lateness(clock.now());
    this.#timers = new Timers(clock, () => this.#reapReady());
    this.#parts = {
      nodes,
      events,
      clock,
      timers: this.#timers,
      page: MOST_OF_PARTITION,
      onDue: (partition) => this.#ready.add(partition),
      onExpired: (late, partition, isIndexed) => {
        this.lateness.record(late, clock.now());
        onExpired?.(late, partition, isIndexed);
      },
      onFault,
    };
  }

  /** The partitions that belong to this process. */
  get partitions(): Iterable<number> {
    return this.#owned.keys();
  }

  /** How many partitions belong to this process. */
  get size(): number {
    return this.#owned.size;
  }

  /** How many sessions it knows to be due soon. */
  get known(): number {
    let known = 0;
    for (const partition of this.#owned.values()) known += partition.size;
    return known;
  }

  /** Changes which partitions belong to this process. */
  own(partitions: readonly number[]): void {
    this.#parts.page = Math.min(
      MOST_OF_PARTITION,
      Math.max(LEAST_OF_PARTITION, Math.floor(READ_AHEAD / Math.max(1, partitions.length))),
    );
    const kept = new Set(partitions);
    for (const [number, partition] of this.#owned) {
      if (kept.has(number)) continue;
      this.#owned.delete(number);
      this.#ready.delete(partition);
      partition.release();
    }
    for (const number of partitions) {
      if (!this.#owned.has(number)) this.#owned.set(number, new OwnedPartition(number, this.#parts));
    }
    if (this.#announcements !== undefined) this.#announcements.set(partitions);
    else this.#announcements = this.#listen(partitions);
  }

  /** Stops for good. */
  stop(): void {
    this.#announcements?.close();
    for (const partition of this.#owned.values()) partition.release();
    this.#owned.clear();
    this.#timers.stop();
  }

  #listen(partitions: readonly number[]): Subscription {
    return this.#nodes.subscribe('due', partitions, {
      onMessage: (number, message) => this.#owned.get(number)?.announced(message),
      // The due set is read once announcements arrive, so that no deadline is missed between the two.
      onStart: (number) => this.#owned.get(number)?.read(),
    });
  }

  #reapReady(): void {
    for (const partition of this.#ready) partition.reapDue();
    this.#ready.clear();
  }
}
