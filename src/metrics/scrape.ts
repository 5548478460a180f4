import { memoryUsage, resourceUsage } from 'node:process';
import type { EngineStats, Lateness, MemoryParts, SessionEngine } from '../engine/index.js';
import type { ServerControl } from '../execution/context/server-control.js';
import type { StoreStatus } from '../store/remote-store.js';
import type { WebhookStatus } from '../webhooks/webhook-status.js';
import type { Runtime } from './runtime.js';

/** Where metrics are read from. */
export interface MetricSource {
  readonly engine: SessionEngine;
  readonly server: ServerControl;
  readonly runtime: Runtime;
  /** Returns for each readiness check whether it passes. */
  readiness(): ReadonlyMap<string, boolean>;
}

/** What is read once for all metrics. */
export interface Scrape {
  readonly server: ServerControl;
  readonly runtime: Runtime;
  readonly readiness: ReadonlyMap<string, boolean>;
  readonly stats: EngineStats;
  readonly lateness: Lateness;
  /** Undefined if sessions are in memory. */
  readonly store: StoreStatus | undefined;
  readonly webhooks: readonly WebhookStatus[];
  readonly memoryParts: MemoryParts;
  /** Undefined without a journal, and while it is loaded. */
  readonly journal: NonNullable<ServerControl['durability']>['status'];
  readonly processMemory: NodeJS.MemoryUsage;
  readonly processUsage: NodeJS.ResourceUsage;
}

export function scrape({ engine, server, runtime, readiness }: MetricSource): Scrape {
  return {
    server,
    runtime,
    readiness: readiness(),
    stats: server.store?.stats ?? engine.stats(),
    lateness: (server.store ?? engine).lateness,
    store: server.store?.status,
    webhooks: server.webhooks,
    memoryParts: engine.memoryParts(),
    journal: server.durability?.status,
    processMemory: memoryUsage(),
    processUsage: resourceUsage(),
  };
}
