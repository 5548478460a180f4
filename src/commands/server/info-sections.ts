import { totalmem } from 'node:os';
import { arch, memoryUsage, version as nodeVersion, pid, platform, resourceUsage } from 'node:process';
import type { Durability, LoadProgress } from '../../durability/durability.js';
import type { Saves } from '../../durability/saves.js';
import type { EngineStats, Lateness } from '../../engine/index.js';
import type { Context } from '../../execution/context/context.js';
import type { ServerControl } from '../../execution/context/server-control.js';
import type { StoreControl } from '../../execution/context/store-control.js';
import type { ForwardingStatus, GroupFigures, StreamFigures } from '../../store/remote-store.js';
import { idText } from '../../stream/entry-id.js';
import type { WebhookStatus } from '../../webhooks/webhook-status.js';
import { typeOf } from '../connection/client-line.js';
import { keyspaceFields } from './keyspace-fields.js';

type Fields = Record<string, string | number>;

/** Shown only on request: by name, or with `all` or `everything`. */
export const SECTIONS_ON_REQUEST = new Set(['Commandstats', 'Latencystats']);

/**
 * The sections of INFO. Fields that Redis also has keep their names there, so that monitoring tools find them. Redis'
 * fields about things that respite does not have (replicas, functions, forks) are included only if tools read them.
 */
export const SECTIONS: Record<string, (context: Context) => Fields> = {
  Server: ({ server }) => {
    const uptime = Math.max(0, Math.floor((server.clock.wall() - server.started) / 1000));
    return {
      redis_version: server.redisVersion,
      // Zeros, as in builds of Redis that do not know what they were built from.
      redis_git_sha1: '00000000',
      redis_git_dirty: 0,
      redis_build_id: '0000000000000000',
      respite_version: server.version,
      redis_mode: 'standalone',
      os: `${platform} ${arch}`,
      arch_bits: 64,
      multiplexing_api: 'epoll',
      node_version: nodeVersion,
      process_id: pid,
      run_id: server.runId,
      tcp_port: server.port,
      server_time_usec: Math.floor(server.clock.wall() * 1000),
      uptime_in_seconds: uptime,
      uptime_in_days: Math.floor(uptime / 86_400),
      hz: 1,
      configured_hz: 1,
      config_file: server.configFile?.path ?? '',
      ...(server.shutdownEndsIn !== undefined && { shutdown_in_milliseconds: server.shutdownEndsIn }),
    };
  },
  Clients: ({ server }) => {
    const clients = [...server.clients.values()];
    const memories = clients.map((client) => client.memory());
    return {
      connected_clients: clients.length,
      cluster_connections: 0,
      maxclients: server.config.maxclients,
      client_recent_max_input_buffer: memories.reduce((most, { query }) => Math.max(most, query), 0),
      client_recent_max_output_buffer: memories.reduce((most, { output }) => Math.max(most, output), 0),
      blocked_clients: server.pause.waiting + server.readers.size + (server.store?.stream?.waiting ?? 0),
      tracking_clients: server.tracking.size,
      clients_in_timeout_table: clients.filter(({ blocked }) => blocked?.hasTimeout).length,
      pubsub_clients: clients.filter((client) => typeOf(client) === 'pubsub').length,
      monitor_clients: server.monitors.size,
      watching_clients: clients.filter(({ transaction }) => transaction.watching > 0).length,
    };
  },
  Memory: ({ engine, server }) => {
    const { rss, heapTotal } = memoryUsage();
    const { used, peak, startup, clients } = server.memory;
    const { maxmemory, 'maxmemory-policy': policy } = server.config;
    const dataset = engine.stats().bytes;
    return {
      used_memory: used,
      used_memory_human: human(used),
      used_memory_rss: rss,
      used_memory_rss_human: human(rss),
      used_memory_peak: peak,
      used_memory_peak_human: human(peak),
      used_memory_peak_perc: `${((used / peak) * 100).toFixed(2)}%`,
      used_memory_overhead: used - dataset,
      used_memory_startup: startup,
      used_memory_dataset: dataset,
      used_memory_dataset_perc: `${((dataset / Math.max(1, used - startup)) * 100).toFixed(2)}%`,
      used_memory_lua: server.scripts.machineBytes,
      used_memory_vm_eval: server.scripts.machineBytes,
      used_memory_scripts_eval: server.scripts.sourceBytes,
      number_of_cached_scripts: server.scripts.count,
      total_system_memory: totalmem(),
      total_system_memory_human: human(totalmem()),
      node_heap_total: heapTotal,
      maxmemory,
      maxmemory_human: human(maxmemory),
      maxmemory_policy: policy,
      mem_fragmentation_ratio: (rss / used).toFixed(2),
      mem_fragmentation_bytes: rss - used,
      mem_not_counted_for_evict: clients,
      mem_clients_normal: clients,
      mem_clients_slaves: 0,
      mem_allocator: 'v8',
      active_defrag_running: 0,
      lazyfree_pending_objects: engine.doomed,
    };
  },
  Persistence: ({ server }) => {
    const { durability } = server;
    return {
      loading: durability?.progress === undefined ? 0 : 1,
      async_loading: 0,
      ...savesFields(server.saves.status),
      aof_enabled: durability === undefined ? 0 : 1,
      ...journalFields(durability),
      ...loadingFields(durability?.progress, server.clock.wall()),
    };
  },
  Stats: ({ server }) => {
    const { rates, pubsub } = server;
    const counters = server.countersSinceReset();
    const tracked = server.tracking.counts;
    return {
      total_connections_received: counters.connections,
      total_commands_processed: counters.commands,
      instantaneous_ops_per_sec: Math.round(rates.commands),
      total_net_input_bytes: counters.input,
      total_net_output_bytes: counters.output,
      instantaneous_input_kbps: (rates.input / 1024).toFixed(2),
      instantaneous_output_kbps: (rates.output / 1024).toFixed(2),
      rejected_connections:
        counters.rejectedByMaxclients + counters.rejectedByProtectedMode + counters.rejectedByCertificate,
      expired_keys: server.store === undefined ? counters.expired : (server.store.stats?.expired ?? 0),
      expired_stale_perc: '0.00',
      expired_time_cap_reached_count: 0,
      evicted_keys: counters.evicted,
      evicted_clients: counters.evictedClients,
      keyspace_hits: counters.found,
      keyspace_misses: counters.missed,
      pubsub_channels: pubsub.channelCount,
      pubsub_patterns: pubsub.patternCount,
      tracking_total_keys: tracked.keys,
      tracking_total_items: tracked.items,
      tracking_total_prefixes: tracked.prefixes,
      latest_fork_usec: 0,
      total_forks: 0,
      total_error_replies: counters.errors,
      acl_access_denied_auth: counters.deniedAuthentications,
      acl_access_denied_cmd: counters.deniedCommands,
      client_query_buffer_limit_disconnections: counters.queryLimitDisconnections,
      client_output_buffer_limit_disconnections: counters.outputLimitDisconnections,
      client_timeout_disconnections: counters.timedOut,
      client_unauthenticated_disconnections: counters.unauthenticatedDisconnections,
    };
  },
  Replication: ({ server }) => ({
    role: 'master',
    connected_slaves: 0,
    master_failover_state: 'no-failover',
    master_replid: server.runId,
    master_replid2: '0'.repeat(40),
    master_repl_offset: 0,
    second_repl_offset: -1,
    repl_backlog_active: 0,
    repl_backlog_size: 0,
    repl_backlog_first_byte_offset: 0,
    repl_backlog_histlen: 0,
  }),
  CPU: () => {
    const { systemCPUTime, userCPUTime } = resourceUsage();
    return { used_cpu_sys: (systemCPUTime / 1e6).toFixed(6), used_cpu_user: (userCPUTime / 1e6).toFixed(6) };
  },
  Commandstats: ({ server }) =>
    Object.fromEntries(
      server.statistics.tallies().map(({ name, count, ms, rejected, failed }) => {
        const usec = Math.round(ms * 1000);
        const perCall = count === 0 ? 0 : (ms * 1000) / count;
        return [
          `cmdstat_${name}`,
          `calls=${count},usec=${usec},usec_per_call=${perCall.toFixed(2)},rejected_calls=${rejected},failed_calls=${failed}`,
        ];
      }),
    ),
  Errorstats: ({ server }) =>
    Object.fromEntries(
      Object.entries(server.countersSinceReset().errorCodes)
        .filter(([, count]) => count > 0)
        .map(([code, count]) => [`errorstat_${code}`, `count=${count}`]),
    ),
  Latencystats: ({ server }) =>
    Object.fromEntries(
      server.statistics
        .tallies()
        .filter(({ count }) => count > 0)
        .map((tally) => {
          const [p50, p99, p999] = [0.5, 0.99, 0.999].map((share) =>
            Math.floor(tally.quantile(share) / 1000).toFixed(3),
          );
          return [`latency_percentiles_usec_${tally.name}`, `p50=${p50},p99=${p99},p99.9=${p999}`];
        }),
    ),
  Cluster: () => ({ cluster_enabled: 0 }),
  Store: ({ server }) => (server.store === undefined ? { store_kind: 'memory' } : storeFields(server.store)),
  Webhooks: ({ server }) => ({
    webhooks: server.webhooks.length,
    ...Object.fromEntries(server.webhooks.map((webhook, index) => [`webhook${index}`, webhookField(webhook)])),
  }),
  Sessions: ({ engine, server }): Fields => {
    if (server.store !== undefined) return storedSessions(server.store, server.clock.now());
    const stats = engine.stats();
    const { shapes } = engine.memoryParts();
    return {
      ...sessionFields(stats),
      session_memory: engine.memory,
      shapes: shapes.shapes,
      shaped_sessions: shapes.sessions,
      shape_saved_bytes: shapes.savedBytes,
      wheel_pending: stats.pending,
      ...lateFields(engine.lateness, server.clock.now()),
    };
  },
  // A store has no plain keys, which is what clients look for here.
  Events: ({ server }) => eventFields(server),
  Keyspace: ({ engine }): Fields => keyspaceFields(engine),
};

/** The most consumer groups that INFO lists. */
const MOST_GROUPS = 100;

interface ListedGroup extends GroupFigures {
  readonly lost?: number;
}

/** The stream of events, and how far its consumer groups are. Fields that XINFO also has are named as there, but `lag` is exact. */
function eventFields({ eventStream, store }: ServerControl): Fields {
  if (eventStream !== undefined) {
    const [firstId, lastId] = [eventStream.firstId, eventStream.lastId].map(idText);
    const { length, bytes, entriesAdded, lost } = eventStream;
    return streamFields({ length, bytes, firstId, lastId, entriesAdded, groups: eventStream.groups() }, lost);
  }
  if (store?.streamFigures === undefined) return { events_stream: 0 };
  return streamFields(store.streamFigures, store.stream?.status.lost ?? 0);
}

/** @param groups What each has lost is known of the stream in memory. */
function streamFields(
  { groups, ...stream }: Omit<StreamFigures, 'groups'> & { readonly groups: readonly ListedGroup[] },
  lostEver: number,
): Fields {
  const listed = groups.slice(0, MOST_GROUPS).map(({ name, pending, unread, lost }, number) => {
    const text = name.toString().replaceAll(/[^\x21-\x7e]|[,=]/g, '?');
    return [`events_group${number}`, `name=${text},pending=${pending},lag=${unread ?? ''},lost=${lost ?? ''}`];
  });
  return {
    events_stream: 1,
    events_length: stream.length,
    events_memory: stream.bytes,
    events_last_generated_id: stream.lastId,
    events_first_entry_id: stream.firstId,
    events_added: stream.entriesAdded,
    events_lost: lostEver,
    events_groups: groups.length,
    ...Object.fromEntries(listed),
  };
}

function sessionFields(stats: EngineStats): Fields {
  return {
    sessions: stats.sessions,
    session_names: stats.names,
    session_keys: stats.keys,
    session_timed_keys: stats.timedKeys,
    session_keys_expired: stats.keysExpired,
    session_bytes: stats.bytes,
    sessions_created: stats.created,
    sessions_ended: stats.ended,
    sessions_expired: stats.expired,
    sessions_evicted: stats.evicted,
    sessions_cleared: stats.cleared,
    sessions_extended: stats.extended,
    sessions_rotated: stats.rotated,
  };
}

function lateFields(lateness: Lateness, now: number): Fields {
  const late = lateness.recent(now);
  const everLate = lateness.total();
  return {
    // Of the last five minutes.
    wheel_late_p50_ms: late.p50,
    wheel_late_p99_ms: late.p99,
    wheel_late_max_ms: late.max,
    // Since the start or CONFIG RESETSTAT.
    wheel_late_lifetime_p50_ms: everLate.p50,
    wheel_late_lifetime_p99_ms: everLate.p99,
    wheel_late_lifetime_max_ms: everLate.max,
  };
}

/** All sessions of the store, and how late this process has expired some of them. */
function storedSessions({ stats, lateness }: StoreControl, now: number): Fields {
  return { ...(stats !== undefined && sessionFields(stats)), ...lateFields(lateness, now) };
}

function storeFields({ status, stream }: StoreControl): Fields {
  const { kind, version, nodes, partitions, owned, processes, reachable, since, lastError = '' } = status;
  const { calls, failures, totalMs } = status;
  return {
    store_kind: kind,
    store_version: version,
    store_nodes: nodes.join(' '),
    store_partitions: partitions,
    store_owned_partitions: owned,
    store_processes: processes,
    store_state: reachable ? 'ok' : 'unreachable',
    store_state_since: Math.floor(since / 1000),
    store_last_error: lastError,
    store_calls: calls,
    store_failed_calls: failures,
    store_usec_per_call: calls === 0 ? 0 : Math.round((1000 * totalMs) / calls),
    ...(stream !== undefined && forwardingFields(stream.status)),
  };
}

/** Describes a webhook as Redis describes a replica. Neither a name nor a state has a comma. */
function webhookField(webhook: WebhookStatus): string {
  const { name, state, requests, failures, delivered, deadLetters, waiting, lagMs, lastSuccess } = webhook;
  return Object.entries({
    name,
    state,
    requests,
    failed_requests: failures,
    delivered,
    dead_letters: deadLetters,
    waiting,
    lag_ms: lagMs,
    last_success: lastSuccess === undefined ? 0 : Math.floor(lastSuccess / 1000),
  })
    .map(([field, value]) => `${field}=${value}`)
    .join(',');
}

function forwardingFields({ owned, processes, forwarded, failures, lag }: ForwardingStatus): Fields {
  return {
    store_forwarding_partitions: owned,
    store_forwarding_processes: processes,
    store_forwarded_events: forwarded,
    store_failed_forwarding_calls: failures,
    store_forwarding_lag_ms: Math.round(lag),
  };
}

function savesFields({ changes, running, lastSave, lastOk, lastMs, count }: Saves['status']): Fields {
  return {
    rdb_changes_since_last_save: changes,
    rdb_bgsave_in_progress: running === undefined ? 0 : 1,
    rdb_last_save_time: Math.floor(lastSave / 1000),
    rdb_last_bgsave_status: lastOk ? 'ok' : 'err',
    rdb_last_bgsave_time_sec: seconds(lastMs),
    rdb_current_bgsave_time_sec: seconds(running),
    rdb_saves: count,
  };
}

function journalFields(durability: Durability | undefined): Fields {
  const { status } = durability ?? {};
  const fields = {
    aof_rewrite_in_progress: status?.compaction.running === undefined ? 0 : 1,
    aof_rewrite_scheduled: 0,
    aof_last_rewrite_time_sec: seconds(status?.compaction.lastMs),
    aof_current_rewrite_time_sec: seconds(status?.compaction.running),
    aof_last_bgrewrite_status: status?.compaction.lastSucceeded === false ? 'err' : 'ok',
    aof_last_write_status: durability?.failure === undefined ? 'ok' : 'err',
  };
  if (status === undefined) return fields;
  return {
    ...fields,
    aof_current_size: status.size,
    aof_base_size: status.baseSize,
    aof_pending_rewrite: 0,
    aof_buffer_length: status.pendingBytes,
    aof_pending_bio_fsync: status.isSyncing ? 1 : 0,
    sessions_expired_while_down: status.expired,
  };
}

/** Shown while the journal is being read. */
function loadingFields(progress: LoadProgress | undefined, now: number): Fields {
  if (progress === undefined) return {};
  const { loaded, total, since } = progress;
  const elapsed = Math.max(0, now - since) / 1000;
  return {
    loading_start_time: Math.floor(since / 1000),
    loading_total_bytes: total,
    loading_loaded_bytes: loaded,
    loading_loaded_perc: ((loaded / Math.max(1, total)) * 100).toFixed(2),
    // As in Redis, one second until there is anything to estimate from.
    loading_eta_seconds: loaded === 0 ? 1 : Math.round((elapsed * (total - loaded)) / loaded),
  };
}

/** Returns whole seconds, or -1 for undefined. */
function seconds(ms: number | undefined): number {
  return ms === undefined ? -1 : Math.floor(ms / 1000);
}

/** Formats a number of bytes as Redis does: `1.50M`. */
function human(bytes: number): string {
  let unit = 0;
  let size = bytes;
  while (size >= 1024 && unit < 4) {
    size /= 1024;
    unit++;
  }
  return unit === 0 ? `${bytes}B` : `${size.toFixed(2)}${'BKMGT'[unit]}`;
}
