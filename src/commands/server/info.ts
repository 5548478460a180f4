import { arch, memoryUsage, version as nodeVersion, pid, platform, resourceUsage } from 'node:process';
import type { Command } from '../command.js';
import type { Context } from '../context.js';

type Fields = Record<string, string | number>;

/** Each section's fields, under the names that monitoring reads in Redis' INFO where Redis has them. */
const SECTIONS: Record<string, (context: Context) => Fields> = {
  Server: ({ server }) => {
    const uptime = Math.max(0, Math.floor((server.clock.wall() - server.started) / 1000));
    return {
      redis_version: server.redisVersion,
      respite_version: server.version,
      redis_mode: 'standalone',
      os: `${platform} ${arch}`,
      arch_bits: 64,
      node_version: nodeVersion,
      process_id: pid,
      run_id: server.runId,
      tcp_port: server.port,
      server_time_usec: server.clock.wall() * 1000,
      uptime_in_seconds: uptime,
      uptime_in_days: Math.floor(uptime / 86_400),
    };
  },
  Clients: ({ server }) => ({
    connected_clients: server.clients,
    maxclients: server.maxClients,
    blocked_clients: 0,
  }),
  Memory: ({ engine }) => {
    const { rss, heapUsed, external } = memoryUsage();
    return {
      used_memory: heapUsed + external,
      used_memory_rss: rss,
      used_memory_dataset: engine.stats().bytes,
      maxmemory: 0,
      maxmemory_policy: 'noeviction',
    };
  },
  Persistence: () => ({ loading: 0, rdb_changes_since_last_save: 0, aof_enabled: 0 }),
  Stats: ({ engine, server }) => {
    const { counters } = server;
    return {
      total_connections_received: counters.connections,
      total_commands_processed: counters.commands,
      total_net_input_bytes: counters.input,
      total_net_output_bytes: counters.output,
      rejected_connections: counters.rejectedConnections,
      total_error_replies: counters.errors,
      expired_keys: engine.stats().expired,
      evicted_keys: 0,
    };
  },
  Replication: () => ({ role: 'master', connected_slaves: 0 }),
  CPU: () => {
    const { systemCPUTime, userCPUTime } = resourceUsage();
    return { used_cpu_sys: (systemCPUTime / 1e6).toFixed(6), used_cpu_user: (userCPUTime / 1e6).toFixed(6) };
  },
  Sessions: ({ engine }) => {
    const stats = engine.stats();
    return {
      sessions: stats.sessions,
      session_names: stats.names,
      session_keys: stats.keys,
      session_bytes: stats.bytes,
      sessions_created: stats.created,
      sessions_ended: stats.ended,
      sessions_expired: stats.expired,
      sessions_cleared: stats.cleared,
      sessions_extended: stats.extended,
      wheel_pending: stats.pending,
      wheel_late_p99_ms: stats.lateP99,
    };
  },
  Keyspace: ({ engine }): Fields => {
    const { sessions, pending } = engine.stats();
    return sessions > 0 ? { db0: `keys=${sessions},expires=${Math.min(pending, sessions)},avg_ttl=0` } : {};
  },
};

/** What stands for every section. */
const EVERY = new Set(['all', 'everything', 'default']);

export const info: Command = {
  name: 'info',
  summary: 'Reports on the server: the sections named, or all.',
  complexity: 'O(1)',
  group: 'server',
  flags: ['loading', 'stale'],
  arguments: [{ name: 'section', type: 'string', optional: true, multiple: true }],
  reply: 'text: sections of `field:value` lines',
  run(context, args) {
    const wanted = new Set<string>();
    while (args.left > 0) wanted.add(args.word());
    const every = wanted.size === 0 || [...wanted].some((word) => EVERY.has(word));
    const sections: string[] = [];
    for (const [name, fieldsOf] of Object.entries(SECTIONS)) {
      if (!every && !wanted.has(name.toLowerCase())) continue;
      const lines = Object.entries(fieldsOf(context)).map(([field, value]) => `${field}:${value}\r\n`);
      sections.push(`# ${name}\r\n${lines.join('')}`);
    }
    context.reply.verbatim(sections.join('\r\n'));
  },
};
