import { typeOf } from '../../commands/connection/client-line.js';
import { LATE_MS, RECENT_MS, type SessionEngine } from '../../engine/index.js';
import type { ServerControl } from '../../execution/context/server-control.js';
import type { StoreControl } from '../../execution/context/store-control.js';
import type { WebhookStatus } from '../../webhooks/webhook-status.js';
import type {
  LiveConnections,
  LiveMemory,
  LivePersistence,
  LiveSlowLog,
  LiveSnapshot,
  LiveStore,
  LiveTotals,
  LiveWebhook,
} from './live-data.js';

/** The number of slow commands in a snapshot. */
const SLOW_COMMANDS = 10;

/** What a snapshot is taken of. */
export interface LiveSources {
  readonly engine: SessionEngine;
  readonly server: ServerControl;
  /** Returns why the server is not ready, in words; nothing if it is. */
  readonly notReady: () => readonly string[];
}

/** What the feed knows by itself. */
type FromFeed = Pick<LiveSnapshot, 'wheel'> & Pick<LiveConnections, 'watchers'>;

/** Returns the current state of the server. It takes a fraction of a millisecond, however many sessions there are. */
export function takeSnapshot({ engine, server, notReady }: LiveSources, { wheel, watchers }: FromFeed): LiveSnapshot {
  const { counters, rates, clock } = server;
  const { p50, p99, max } = server.eventLoopDelay.recent(clock.now());
  const reasons = notReady();
  const { sessions, names, bytes, ...stats } = server.store?.stats ?? engine.stats();
  return {
    at: Math.round(clock.wall()),
    uptimeMs: Math.max(0, Math.round(clock.wall() - server.started)),
    ready: reasons.length === 0,
    notReady: reasons,
    sessions,
    names,
    totals: totalsOf(server, stats),
    commandsPerSecond: Math.round(rates.commands),
    lateMs: LATE_MS,
    lateness: { overMs: RECENT_MS, ...(server.store ?? engine).lateness.recent(clock.now()) },
    memory: memoryOf(server, bytes),
    connections: connectionsOf(server, watchers),
    network: {
      input: counters.input,
      output: counters.output,
      inputPerSecond: Math.round(rates.input),
      outputPerSecond: Math.round(rates.output),
    },
    persistence: persistenceOf(server),
    ...(server.store !== undefined && { store: storeOf(server.store) }),
    webhooks: server.webhooks.map(webhookOf),
    slowlog: slowLogOf(server),
    eventLoopDelay: { p50, p99, max },
    wheel,
  };
}

function totalsOf(
  { counters }: ServerControl,
  stats: Omit<LiveTotals, 'commands' | 'errors' | 'errorCodes'>,
): LiveTotals {
  const { created, extended, expired, cleared, ended, evicted, rotated } = stats;
  const { commands, errors, errorCodes } = counters;
  return { commands, errors, errorCodes, created, extended, expired, cleared, ended, evicted, rotated };
}

function memoryOf({ memory, config }: ServerControl, data: number): LiveMemory {
  const { startup, sessions, clients, used, peak } = memory;
  return {
    used,
    peak,
    limit: config.maxmemory,
    policy: config['maxmemory-policy'],
    rss: process.memoryUsage.rss(),
    data,
    parts: { startup, sessions, clients },
  };
}

function connectionsOf({ clients, counters, config }: ServerControl, watchers: number): LiveConnections {
  let subscribers = 0;
  for (const client of clients.values()) if (typeOf(client) === 'pubsub') subscribers++;
  return {
    clients: clients.size,
    limit: config.maxclients,
    subscribers,
    accepted: counters.connections,
    rejected: counters.rejectedByMaxclients + counters.rejectedByProtectedMode + counters.rejectedByCertificate,
    watchers,
  };
}

function persistenceOf({ durability, config, clock }: ServerControl): LivePersistence {
  if (durability === undefined) return { on: false };
  const { status, failure, progress } = durability;
  const { running, lastMs, lastSucceeded = true } = status?.compaction ?? {};
  const sync = status?.activity.lastSync;
  return {
    on: true,
    policy: config.appendfsync,
    error: failure?.message ?? '',
    size: status?.size ?? 0,
    baseSize: status?.baseSize ?? 0,
    pending: status?.pendingBytes ?? 0,
    ...(sync !== undefined && {
      fsync: { at: Math.round(clock.wall() - (clock.now() - sync.at)), ms: Math.round(100 * sync.ms) / 100 },
    }),
    compaction: {
      ...(running !== undefined && { runningMs: Math.round(running) }),
      ...(lastMs !== undefined && { lastMs: Math.round(lastMs) }),
      lastSucceeded,
    },
    ...(progress !== undefined && { loading: { loaded: progress.loaded, total: progress.total } }),
  };
}

function storeOf({ status }: StoreControl): LiveStore {
  const { kind, version, nodes, partitions, owned, processes, reachable, calls, failures, totalMs } = status;
  const meanMs = calls === 0 ? 0 : totalMs / calls;
  return {
    kind,
    version,
    nodes: nodes.length,
    partitions,
    owned,
    processes,
    reachable,
    calls,
    failures,
    meanMs,
  };
}

function webhookOf(webhook: WebhookStatus): LiveWebhook {
  const { name, state, delivered, waiting, lagMs, failures, lastError, deadLetters, lastSuccess } = webhook;
  return {
    name,
    state,
    delivered,
    waiting,
    lagMs: Math.round(lagMs),
    failures,
    lastError,
    deadLetters,
    ...(lastSuccess !== undefined && { lastSuccess: Math.round(lastSuccess) }),
  };
}

function slowLogOf({ slowlog, config }: ServerControl): LiveSlowLog {
  const threshold = config['slowlog-log-slower-than'];
  const entries = slowlog.latest(SLOW_COMMANDS).map(({ id, at, microseconds, request, address }) => ({
    id,
    at: at * 1000,
    ms: microseconds / 1000,
    words: request,
    client: address,
  }));
  return { ...(threshold >= 0 && { fromMs: threshold / 1000 }), entries };
}
