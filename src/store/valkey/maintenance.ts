import type { Clock, Lateness } from '../../engine/index.js';
import type { StoreEvent, StreamSource } from '../remote-store.js';
import type { OriginIds } from './addressing/origin-ids.js';
import type { Places } from './addressing/partitions.js';
import { EventFeed } from './events/event-feed.js';
import { readEvent } from './events/outbox-entry.js';
import { IndexRepair } from './names/index-repair.js';
import type { Nodes } from './nodes/nodes.js';
import { LiveProcesses } from './owning/live-processes.js';
import { Owner } from './owning/owner.js';
import { partitionsOf } from './owning/rendezvous.js';
import { Forwarder } from './stream/forwarder.js';

export interface MaintenanceOptions {
  readonly nodes: Nodes;
  readonly partitions: Places;
  readonly ids: OriginIds;
  /** What the stream of events is to have; undefined if this process does not append to it. */
  readonly stream?: StreamSource | undefined;
  /** About how many events each partition keeps. */
  readonly events: number;
  readonly clock: Clock;
  /** Called once for each event of the store's sessions, while `follow(true)` is in force. */
  readonly onEvent: (event: StoreEvent) => void;
  /** Called for each session that this process has expired. @param late In ms. */
  readonly onExpired?: (late: number) => void;
  /** Called for an error that is a bug. */
  readonly onFault: (fault: unknown) => void;
}

/**
 * What a process does for the store in the background. It expires sessions on time and repairs indexes, in its share of
 * the partitions. It also receives events, and appends them to the stream. Reads are exact without it.
 *
 * All processes share the partitions (`owning/live-processes.ts`, `owning/rendezvous.ts`). This is not a lock: while
 * two processes disagree about a partition, both look after it, and the store makes sure that each session expires
 * once.
 */
export class Maintenance {
  readonly #processes: LiveProcesses;
  readonly #owner: Owner;
  readonly #repair: IndexRepair;
  readonly #feed: EventFeed;
  /** Undefined if this process appends nothing to the stream. */
  readonly forwarder: Forwarder | undefined;

  constructor(options: MaintenanceOptions) {
    const { nodes, partitions, stream, events, clock, onEvent, onExpired, onFault } = options;
    this.#owner = new Owner({
      nodes,
      events,
      clock,
      onExpired: (late, partition, isIndexed) => {
        if (isIndexed) this.#repair.hurry(partition);
        onExpired?.(late);
      },
      onFault,
    });
    this.#repair = new IndexRepair({ nodes, clock, partitions, owned: () => this.#owner.partitions, onFault });
    this.#feed = new EventFeed({
      nodes,
      partitions: partitions.count,
      clock,
      onEvent: (payload) => onEvent(readEvent(payload)),
      onFault,
    });
    if (stream !== undefined) {
      this.forwarder = new Forwarder({ ...options, partitions: partitions.count, source: stream });
    }
    this.#processes = new LiveProcesses({
      list: 'processes',
      nodes,
      clock,
      onChange: (ids) => this.#owner.own(partitionsOf(this.#processes.id, ids, partitions.count)),
      onFault,
    });
  }

  /** How late this process has expired sessions. */
  get lateness(): Lateness {
    return this.#owner.lateness;
  }

  /** How many partitions belong to this process. */
  get owned(): number {
    return this.#owner.size;
  }

  /** How many processes use the store, this one included. 0 before the store has answered. */
  get processes(): number {
    return this.#processes.ids.length;
  }

  /** How many sessions are due within 5 s, as far as this process has read ahead. */
  get pending(): number {
    return this.#owner.known;
  }

  /** Joins the other processes. Resolves when the first call has been answered or has failed. Never rejects. */
  async start(): Promise<void> {
    this.#repair.start();
    await Promise.all([this.#processes.start(), this.forwarder?.start()]);
  }

  /**
   * Starts or stops receiving events. Call this when this process gets its first subscriber, and when the last one is
   * gone.
   * @returns A promise that resolves when every later event will arrive. Only then should a subscriber get its reply.
   *   If the store does not answer, it resolves when that is certain. Never rejects.
   */
  follow(wanted: boolean): Promise<void> {
    return this.#feed.follow(wanted);
  }

  /** Leaves, so that the other processes take over at once, and stops for good. Never rejects. */
  async stop(): Promise<void> {
    this.#feed.stop();
    this.#repair.stop();
    this.#owner.stop();
    await Promise.all([this.#processes.stop(), this.forwarder?.stop()]);
  }
}
