import type { Clock, EngineStats, Lateness } from '../engine/index.js';
import type { SessionWatcher } from '../execution/context/session-watcher.js';
import type { StoreControl } from '../execution/context/store-control.js';
import type { EventLog } from '../log/log-events.js';
import type {
  OpenStore,
  RemoteStore,
  RemoteStream,
  StoreEvent,
  StoreStatus,
  StreamFigures,
  StreamSource,
} from '../store/remote-store.js';
import type { Faults } from './faults.js';
import type { PubSubHub } from './pubsub-hub.js';
import { StoreEvents } from './store-events.js';
import { storeText } from './store-text.js';

/**
 * How old statistics must be before they are fetched again, in ms for each partition, because this takes a call to each
 * partition. With 256 partitions, the page has new figures about every second.
 */
const STATS_MS_PER_PARTITION = 3;

interface StoreLinkParts {
  readonly open: OpenStore;
  /** The longest value that a command may build, in bytes. */
  readonly maxValueBytes: number;
  readonly clock: Clock;
  readonly hub: PubSubHub;
  readonly faults: Faults;
  readonly log: EventLog;
  /** Returns the current `event-data-max-bytes`. */
  maxEventBytes(): number;
  /** What the stream of events is to have; undefined without `events-stream`. */
  readonly stream: StreamSource | undefined;
}

/** The server's link to the store outside of this process that has its sessions. */
export class StoreLink implements StoreControl {
  readonly #parts: StoreLinkParts;
  readonly #events: StoreEvents;
  readonly #watchers = new Set<SessionWatcher>();
  #store: RemoteStore | undefined;
  #opening: Promise<void> | undefined;
  /** Subscriptions, watchers and others that want events. */
  #wanting = 0;
  /** Settled when all that has been asked of `follow` is done. */
  #following: Promise<void> = Promise.resolve();
  stats: EngineStats | undefined;
  streamFigures: StreamFigures | undefined;
  #statsAt = -Infinity;
  #asking: Promise<void> | undefined;

  constructor(parts: StoreLinkParts) {
    this.#parts = parts;
    this.#events = new StoreEvents(parts.hub, parts.maxEventBytes);
    parts.hub.onSessionSubscriptions((change) => {
      if (change > 0) void this.#want();
      else this.#release();
    });
  }

  /** The store. Only after `open`. */
  get store(): RemoteStore {
    if (this.#store === undefined) throw new Error('the store is not open');
    return this.#store;
  }

  get isOpen(): boolean {
    return this.#store !== undefined;
  }

  get status(): StoreStatus {
    return this.store.status;
  }

  get lateness(): Lateness {
    return this.store.lateness;
  }

  get stream(): RemoteStream | undefined {
    return this.store.stream;
  }

  /** Whether the store has answered and serves all sessions. */
  get isReachable(): boolean {
    return this.#store?.status.reachable ?? false;
  }

  /** Connects to the store. @throws UnusableStoreError, ConfigError (rejects) if it cannot be used. */
  open(): Promise<void> {
    this.#opening ??= this.#open();
    return this.#opening;
  }

  async #open(): Promise<void> {
    const { open, maxValueBytes, clock, faults, log, stream } = this.#parts;
    this.#store = await open({ clock, maxValueBytes, onEvent: this.#onEvent, onFault: faults.report, stream });
    const { status } = this.store;
    log.notice(`sessions are in ${storeText(status)}`, {
      event: 'store',
      kind: status.kind,
      version: status.version,
      nodes: status.nodes.join(' '),
      partitions: status.partitions,
    });
  }

  /** Starts to expire sessions on time. Never rejects. */
  async start(): Promise<void> {
    await this.store.start();
  }

  /** Closes it once what is under way is done. Never rejects. */
  async close(): Promise<void> {
    await this.#opening?.catch(() => {});
    await this.#store?.close();
  }

  async refreshStats(): Promise<void> {
    const { clock } = this.#parts;
    if (!this.isReachable) return;
    if (clock.now() - this.#statsAt < STATS_MS_PER_PARTITION * this.status.partitions) return;
    this.#asking ??= this.#askStats();
    await this.#asking;
  }

  async #askStats(): Promise<void> {
    try {
      [this.stats, this.streamFigures] = await Promise.all([this.store.sessions.stats(), this.stream?.figures()]);
      this.#statsAt = this.#parts.clock.now();
    } catch {
      // The figures stay as they were. The health check notices that the store does not answer.
    } finally {
      this.#asking = undefined;
    }
  }

  async holdEvents(): Promise<() => void> {
    await this.#want();
    return () => this.#release();
  }

  /** Notifies a watcher from now on. Returns a function that stops this. */
  watch(watcher: SessionWatcher): () => void {
    this.#watchers.add(watcher);
    void this.#want();
    return () => {
      if (this.#watchers.delete(watcher)) this.#release();
    };
  }

  #want(): Promise<void> {
    if (++this.#wanting === 1) this.#follow(true);
    return this.#following;
  }

  #release(): void {
    if (--this.#wanting === 0) this.#follow(false);
  }

  #follow(wanted: boolean): void {
    this.#following = this.store.follow(wanted).catch(this.#parts.faults.report);
  }

  readonly #onEvent = (event: StoreEvent): void => {
    const { faults } = this.#parts;
    faults.contain(() => this.#events.publish(event));
    for (const watcher of this.#watchers) faults.contain(() => watcher.onEvent(event.event, () => event.name));
  };
}
