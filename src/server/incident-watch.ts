import { counted } from '../counted.js';
import type { Durability } from '../durability/durability.js';
import type { SessionEngine } from '../engine/index.js';
import type { Counters } from '../execution/context/counters.js';
import type { LatencyMonitor } from '../execution/observing/latency-monitor.js';
import type { EventLoop } from './event-loop.js';
import type { Incidents } from './incidents.js';
import type { Settings } from './settings.js';

/** A stall of the event loop, and an expiry this late, are incidents. In ms. */
export const LATE_MS = 100;

interface WatchOptions {
  readonly incidents: Incidents;
  readonly engine: SessionEngine;
  readonly counters: Counters;
  readonly settings: Settings;
  readonly durability: Durability | undefined;
  readonly latency: LatencyMonitor;
  /** Undefined with a clock that is not the process' own. */
  readonly eventLoop: EventLoop | undefined;
}

/**
 * Notices the incidents that are counted anyway, by comparing the counts once a second. So a command that is refused, or
 * a session that is evicted, does not become slower.
 */
export class IncidentWatch {
  readonly #options: WatchOptions;
  /** The counts at the last beat. */
  #refusedForMemory = 0;
  #refusedWrites = 0;
  #evicted = 0;
  #late = 0;

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  /** Call this about once a second. */
  beat(): void {
    this.#watchMemory();
    this.#watchDisk();
    this.#watchWheel();
    this.#watchEventLoop();
  }

  #watchMemory(): void {
    const { incidents, engine, counters, settings } = this.#options;
    const { maxmemory, 'maxmemory-policy': policy } = settings.now;
    const fields = { maxmemory, 'maxmemory-policy': policy };
    const refused = counters.errorCodes.OOM - this.#refusedForMemory;
    this.#refusedForMemory += refused;
    if (refused > 0) {
      const message = `refusing commands that need memory: maxmemory is reached (${maxmemory} bytes, ${policy})`;
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
    const message = `refusing commands that change sessions: the journal cannot be written${reason === undefined ? '' : `: ${reason}`}`;
    incidents.report('refused-write', { message, fields: { reason }, count: refused });
  }

  #watchWheel(): void {
    const { incidents, engine } = this.#options;
    const worst = engine.lateness.takeWorst();
    const [inTime, all] = engine.lateness.counts([LATE_MS]);
    const count = all - inTime - this.#late;
    this.#late += count;
    if (count === 0) return;
    const ms = Math.round(worst);
    const message = `${counted(count, 'session')} expired up to ${ms} ms late`;
    incidents.report('late-expiry', { message, fields: { worst_ms: ms }, count, ms });
  }

  #watchEventLoop(): void {
    const { incidents, eventLoop, latency } = this.#options;
    if (eventLoop === undefined) return;
    const { count, longest } = eventLoop.takeStalls();
    if (longest >= latency.threshold) latency.add('event-loop-stall', longest);
    if (count === 0) return;
    const ms = Math.round(longest);
    const message = `the event loop stalled for ${ms} ms: no client was served meanwhile`;
    incidents.report('event-loop-stall', { message, fields: { worst_ms: ms }, count, ms });
  }
}
