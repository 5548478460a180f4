import { counted } from '../counted.js';
import type { Durability } from '../durability/durability.js';
import { LATE_MS, type Lateness, type SessionEngine } from '../engine/index.js';
import type { Counters } from '../execution/context/counters.js';
import type { LatencyMonitor } from '../execution/observing/latency-monitor.js';
import type { EventStream } from '../stream/event-stream.js';
import type { Incidents } from './incidents.js';
import type { Settings } from './settings.js';
import type { StoreLink } from './store-link.js';

interface WatchOptions {
  readonly incidents: Incidents;
  readonly engine: SessionEngine;
  readonly eventStream: EventStream | undefined;
  readonly counters: Counters;
  readonly settings: Settings;
  readonly durability: Durability | undefined;
  readonly store: StoreLink | undefined;
  readonly latency: LatencyMonitor;
  /** How long the event loop kept timers waiting. */
  readonly eventLoopDelay: Lateness;
}

const OF_STORE = 'a node of the store has reached its own maxmemory';

/**
 * Notices the incidents that are counted anyway, by comparing the counts once a second. So a command that is refused,
 * or a session that is evicted, does not become slower.
 */
export class IncidentWatch {
  readonly #options: WatchOptions;
  /** The counts at the last beat. */
  #refusedForMemory = 0;
  #refusedWrites = 0;
  #failedByStore = 0;
  #evicted = 0;
  #lostEvents = 0;
  /** Undefined until the first beat: before, there may be no store. */
  #expiries: LateCount | undefined;
  readonly #stalls: LateCount;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#stalls = new LateCount(options.eventLoopDelay);
  }

  /** Call this about once a second. */
  beat(): void {
    this.#watchMemory();
    this.#watchDisk();
    this.#watchStore();
    this.#watchEvents();
    this.#watchWheel();
    this.#watchEventLoop();
  }

  #watchMemory(): void {
    const { incidents, engine, counters, settings, store } = this.#options;
    const { maxmemory, 'maxmemory-policy': policy } = settings.now;
    const fields = { maxmemory, 'maxmemory-policy': policy };
    const refused = counters.errorCodes.OOM - this.#refusedForMemory;
    this.#refusedForMemory += refused;
    if (refused > 0) {
      const reached = store === undefined ? `maxmemory is reached (${maxmemory} bytes, ${policy})` : OF_STORE;
      const message = `refusing commands that need memory: ${reached}`;
      incidents.report('out-of-memory', { message, fields, count: refused });
    }
    const { evicted: total } = engine.stats();
    const evicted = total - this.#evicted;
    this.#evicted = total;
    if (evicted > 0) {
      const message = `evicting sessions: maxmemory is reached (${maxmemory} bytes, ${policy})`;
      incidents.report('eviction', { message, fields, count: evicted });
    }
  }

  #watchDisk(): void {
    const { incidents, counters, durability } = this.#options;
    const refused = counters.errorCodes.MISCONF - this.#refusedWrites;
    this.#refusedWrites += refused;
    if (refused === 0) return;
    const reason = durability?.failure?.message;
    // If the journal can be written again by now, a line in the present tense would raise a false alarm.
    const message =
      reason === undefined
        ? 'refused commands that change sessions while the journal could not be written'
        : `refusing commands that change sessions: the journal cannot be written: ${reason}`;
    incidents.report('refused-write', { message, fields: { reason }, count: refused });
  }

  #watchStore(): void {
    const { incidents, counters, store } = this.#options;
    if (store?.isOpen !== true) return;
    const { CLUSTERDOWN, NOREPLICAS, TRYAGAIN } = counters.errorCodes;
    const count = CLUSTERDOWN + NOREPLICAS + TRYAGAIN - this.#failedByStore;
    this.#failedByStore += count;
    if (count === 0 && store.isReachable) return;
    const reason = store.isReachable ? undefined : store.status.lastError;
    const message = store.isReachable
      ? 'the store did not serve commands in time'
      : `the store cannot be reached: ${reason ?? 'it does not answer'}`;
    incidents.report('store-failure', { message, fields: { reason }, count });
  }

  #watchEvents(): void {
    const { eventStream, store } = this.#options;
    const lost = eventStream?.lost ?? (store?.isOpen ? store.stream?.status.lost : undefined) ?? 0;
    const count = lost - this.#lostEvents;
    this.#lostEvents = lost;
    const worst = count > 0 ? this.#furthestBehind() : undefined;
    if (worst === undefined) return;
    const group = worst.name.toString();
    const message = `consumer groups of the event stream are behind and lose entries: group ${JSON.stringify(group)} has lost most (${worst.lost})`;
    this.#options.incidents.report('lost-events', { message, fields: { group, lost: worst.lost }, count });
  }

  /** Returns the group that has lost most. */
  #furthestBehind(): { readonly name: Buffer; readonly lost: number } | undefined {
    const { eventStream, store } = this.#options;
    if (eventStream === undefined) return store?.stream?.status.furthestBehind;
    const groups = eventStream.groups();
    return groups.length === 0 ? undefined : groups.reduce((one, other) => (other.lost > one.lost ? other : one));
  }

  #watchWheel(): void {
    const { engine, store } = this.#options;
    if (store?.isOpen === false) return;
    this.#expiries ??= new LateCount((store ?? engine).lateness);
    const { count, worst } = this.#expiries.take();
    if (count === 0) return;
    const ms = Math.round(worst);
    const message = `processed ${counted(count, 'deadline')} of sessions or keys up to ${ms} ms late`;
    this.#options.incidents.report('late-expiry', { message, fields: { worst_ms: ms }, count, ms });
  }

  #watchEventLoop(): void {
    const { incidents, latency } = this.#options;
    const { count, worst } = this.#stalls.take();
    if (worst >= latency.threshold) latency.add('event-loop-stall', worst);
    if (count === 0) return;
    const ms = Math.round(worst);
    const message = `the event loop stalled for ${ms} ms: no client was served meanwhile`;
    incidents.report('event-loop-stall', { message, fields: { worst_ms: ms }, count, ms });
  }
}

/** Counts what was late by more than `LATE_MS`. */
class LateCount {
  readonly #lateness: Lateness;
  #counted = 0;

  constructor(lateness: Lateness) {
    this.#lateness = lateness;
  }

  /**
   * Returns how many were late since the last call, and the greatest lateness in ms, even if it is too short to count.
   */
  take(): { count: number; worst: number } {
    const [inTime, all] = this.#lateness.counts([LATE_MS]);
    const count = all - inTime - this.#counted;
    this.#counted += count;
    return { count, worst: this.#lateness.takeWorst() };
  }
}
