import { memoryUsage } from 'node:process';
import { NO_SESSION, type Session } from '../../engine/index.js';
import type { Context } from '../../execution/context/context.js';
import type { Slice } from '../../slice.js';
import { findSession } from '../../store/memory/find-session.js';
import { keyName } from '../arguments/arguments.js';
import type { Command } from '../declaration/command.js';
import { container } from '../declaration/container.js';
import { memoryReport } from './memory-report.js';

const usage: Command = {
  name: 'usage',
  summary: 'Estimates the memory that a session or key takes, not counting its name.',
  complexity: 'O(1)',
  group: 'server',
  onlyInMemory: 'SESSION.INFO shows the bytes of a session',
  flags: ['readonly'],
  arity: -3,
  arguments: [
    { name: 'token', type: 'token', use: 'RO' },
    { name: 'count', type: 'integer', token: 'SAMPLES', optional: true },
  ],
  reply: 'bytes; null if there is no such session or key',
  run(context, args) {
    const { engine, reply } = context;
    const session = findByTokenOrKey(context, args.slice());
    if (args.left > 0) {
      args.choice('SAMPLES');
      args.integer(0, Number.MAX_SAFE_INTEGER);
    }
    args.end();
    if (session === NO_SESSION) reply.null();
    else reply.integer(engine.memoryOf(session));
  },
};

function findByTokenOrKey({ client, engine }: Context, given: Slice): Session {
  const session = findSession(engine, given);
  return session === NO_SESSION ? engine.findShared(keyName(client, given)) : session;
}

/** Uses of memory that exist only in Redis. Client libraries expect a number for each. */
const NOTHING = {
  'replication.backlog': 0,
  'clients.slaves': 0,
  'cluster.links': 0,
  'functions.caches': 0,
};

const stats: Command = {
  name: 'stats',
  summary: 'Returns how the memory is used, in bytes.',
  complexity: 'O(N), where N is the number of connections',
  group: 'server',
  flags: ['loading', 'stale'],
  arity: 2,
  arguments: [],
  reply: 'map, with the same names as in Redis',
  run({ engine, server, reply }) {
    const { startup, sessions, events, clients, used, peak } = server.memory;
    const { sessions: count, bytes } = engine.stats();
    const { rss } = memoryUsage();
    const integers: Record<string, number> = {
      'peak.allocated': peak,
      'total.allocated': used,
      'startup.allocated': startup,
      ...NOTHING,
      'lua.caches': server.scripts.sourceBytes + server.scripts.machineBytes,
      'aof.buffer': server.durability?.status?.pendingBytes ?? 0,
      'clients.normal': clients,
      ...(server.eventStream !== undefined && { 'events.stream': events }),
      'overhead.total': used - bytes,
      'keys.count': count,
      'keys.bytes-per-key': count === 0 ? 0 : Math.round(sessions / count),
      'dataset.bytes': bytes,
    };
    const doubles: Record<string, number> = {
      'dataset.percentage': (bytes / Math.max(1, used - startup)) * 100,
      'peak.percentage': (used / peak) * 100,
      fragmentation: rss / used,
    };
    reply.map(Object.keys(integers).length + Object.keys(doubles).length + 1);
    for (const [name, value] of Object.entries(integers)) {
      reply.bulk(name);
      reply.integer(value);
    }
    for (const [name, value] of Object.entries(doubles)) {
      reply.bulk(name);
      reply.double(value);
    }
    reply.bulk('fragmentation.bytes');
    reply.integer(rss - used);
  },
};

const doctor: Command = {
  name: 'doctor',
  summary: 'Says what is unusual about the memory, and what to do about it.',
  complexity: 'O(1)',
  group: 'server',
  flags: ['loading', 'stale'],
  arity: 2,
  arguments: [],
  reply: 'text',
  run({ reply, server }) {
    const { used, peak, clients, sessions } = server.memory;
    const { rss } = memoryUsage();
    reply.verbatim(memoryReport({ used, peak, clients, sessions, rss, maxmemory: server.config.maxmemory }));
  },
};

const purge: Command = {
  name: 'purge',
  summary: 'Does nothing, because the memory of ended sessions is given back without it.',
  complexity: 'O(1)',
  group: 'server',
  flags: ['loading', 'stale'],
  arity: 2,
  arguments: [],
  reply: 'OK',
  run({ reply }) {
    reply.ok();
  },
};

const mallocStats: Command = {
  name: 'malloc-stats',
  summary: 'Says that the allocator has no statistics of its own: see MEMORY STATS.',
  complexity: 'O(1)',
  group: 'server',
  flags: ['loading', 'stale'],
  arity: 2,
  arguments: [],
  reply: 'text',
  run({ reply }) {
    reply.verbatim('Stats not supported for the current allocator');
  },
};

export const memory = container('memory', 'server', 'A container for commands about memory.', [
  doctor,
  mallocStats,
  purge,
  stats,
  usage,
]);
