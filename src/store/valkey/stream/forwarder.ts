import type { Clock } from '../../../engine/index.js';
import { CodedError } from '../../../errors.js';
import type { ForwardingStatus, StreamSource } from '../../remote-store.js';
import type { OriginIds } from '../addressing/origin-ids.js';
import type { Nodes, Subscription } from '../nodes/nodes.js';
import { LiveProcesses } from '../owning/live-processes.js';
import { partitionsOf } from '../owning/rendezvous.js';
import { type ForwarderParts, OutboxForwarder, STREAM_PARTITION } from './outbox-forwarder.js';

/** How often each outbox is checked, in ms, in case a message was lost unnoticed. This also protects its entries. */
const CHECK_MS = 5000;
/** How often some of the outboxes are checked, in ms, so that not all are checked at the same time. */
const STEP_MS = 100;
/** How often entries that are too many or too old are removed from the stream, in ms. */
const RETAIN_MS = 1000;

export interface ForwarderOptions {
  readonly nodes: Nodes;
  readonly partitions: number;
  readonly ids: OriginIds;
  readonly source: StreamSource;
  /** About how many forwarded events each outbox keeps. */
  readonly events: number;
  readonly clock: Clock;
  /** Called for an error that is a bug. */
  readonly onFault: (fault: unknown) => void;
}

/**
 * Appends the events of all sessions to the stream of the store. The processes that do this share the partitions, as
 * they share them for expiring sessions.
 */
export class Forwarder {
  readonly #options: ForwarderOptions;
  readonly #parts: ForwarderParts;
  readonly #processes: LiveProcesses;
  readonly #outboxes = new Map<number, OutboxForwarder>();
  #events: Subscription | undefined;
  #next = 0;
  #retainedAt = -Infinity;
  #retaining = false;
  #lost = 0;
  #furthestBehind: ForwardingStatus['furthestBehind'];
  #cancelStep = () => {};

  constructor(options: ForwarderOptions) {
    const { nodes, partitions, clock, onFault } = options;
    this.#options = options;
    this.#parts = { ...options, counts: { forwarded: 0, failures: 0 } };
    this.#processes = new LiveProcesses({
      list: 'forwarders',
      nodes,
      clock,
      onChange: (ids) => this.#own(partitionsOf(this.#processes.id, ids, partitions)),
      onFault,
    });
  }

  get status(): ForwardingStatus {
    const now = this.#options.clock.now();
    let lag = 0;
    for (const { behindSince } of this.#outboxes.values()) {
      if (behindSince !== undefined) lag = Math.max(lag, now - behindSince);
    }
    return {
      ...this.#parts.counts,
      owned: this.#outboxes.size,
      ownsStream: this.#outboxes.has(STREAM_PARTITION),
      processes: this.#processes.ids.length,
      lost: this.#lost,
      furthestBehind: this.#furthestBehind,
      lag,
    };
  }

  /**
   * Makes sure that there is a stream, and joins the other processes. Resolves when the first calls have been answered or
   * have failed. Never rejects.
   */
  async start(): Promise<void> {
    const { nodes, onFault } = this.#options;
    this.#step();
    const created = nodes.call(STREAM_PARTITION, 'position', [STREAM_PARTITION]).catch((error) => {
      // It is created with the first event at the latest.
      if (!(error instanceof CodedError)) onFault(error);
    });
    await Promise.all([created, this.#processes.start()]);
  }

  /** Leaves, so that the other processes take over at once, and stops for good. Never rejects. */
  async stop(): Promise<void> {
    this.#cancelStep();
    this.#events?.close();
    for (const outbox of this.#outboxes.values()) outbox.close();
    this.#outboxes.clear();
    await this.#processes.stop();
  }

  #own(partitions: readonly number[]): void {
    const kept = new Set(partitions);
    for (const [number, outbox] of this.#outboxes) {
      if (kept.has(number)) continue;
      this.#outboxes.delete(number);
      outbox.close();
    }
    for (const number of partitions) {
      if (this.#outboxes.has(number)) continue;
      const outbox = new OutboxForwarder(number, this.#parts);
      this.#outboxes.set(number, outbox);
      outbox.forward();
    }
    if (this.#events !== undefined) this.#events.set(partitions);
    else this.#events = this.#listen(partitions);
  }

  /** The messages only say that there is something new: what it is and where it belongs, the outbox knows best. */
  #listen(partitions: readonly number[]): Subscription {
    const forward = (number: number) => this.#outboxes.get(number)?.forward();
    return this.#options.nodes.subscribe('events', partitions, { onMessage: forward, onStart: forward });
  }

  #step(): void {
    this.#cancelStep = this.#options.clock.after(STEP_MS, () => {
      const numbers = [...this.#outboxes.keys()];
      for (let left = Math.ceil((numbers.length * STEP_MS) / CHECK_MS); left > 0; left--) {
        this.#next = (this.#next + 1) % numbers.length;
        this.#outboxes.get(numbers[this.#next])?.check();
      }
      if (this.#outboxes.has(STREAM_PARTITION)) void this.#retain();
      this.#step();
    });
  }

  async #retain(): Promise<void> {
    const { nodes, clock, source, onFault } = this.#options;
    if (this.#retaining || clock.now() - this.#retainedAt < RETAIN_MS) return;
    this.#retaining = true;
    this.#retainedAt = clock.now();
    try {
      const { maxLength, maxBytes, maxAge } = source.retention;
      const reply = await nodes.call(STREAM_PARTITION, 'retain', [maxLength, maxBytes, maxAge]);
      const [, ...groups] = reply as readonly [number, ...(Buffer | number)[]];
      if (groups.length > 0) this.#countLost(groups);
    } catch (error) {
      // It is repeated.
      if (!(error instanceof CodedError)) onFault(error);
    } finally {
      this.#retaining = false;
    }
  }

  /** @param groups Alternating names of groups and how many entries they have lost. */
  #countLost(groups: readonly (Buffer | number)[]): void {
    let most = 0;
    for (let i = 0; i < groups.length; i += 2) {
      const lost = groups[i + 1] as number;
      this.#lost += lost;
      if (lost <= most) continue;
      most = lost;
      this.#furthestBehind = { name: groups[i] as Buffer, lost };
    }
  }
}
