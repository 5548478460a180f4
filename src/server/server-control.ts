import { randomBytes } from 'node:crypto';
import type { Durability } from '../durability/durability.js';
import type { Saves } from '../durability/saves.js';
import type { Clock } from '../engine/index.js';
import type { ServerControl } from '../execution/context/server-control.js';
import { AclLog } from '../execution/observing/acl-log.js';
import type { CommandStatistics } from '../execution/observing/command-statistics.js';
import type { LatencyMonitor } from '../execution/observing/latency-monitor.js';
import type { Slowlog } from '../execution/observing/slowlog.js';
import type { FilteredLog } from '../log/filtered-log.js';
import { Scripts } from '../scripting/scripts.js';
import { version } from '../version.js';
import type { Access } from './access.js';
import type { ConfigSource } from './config-source.js';
import type { Counting } from './counting.js';
import type { EventLoop } from './event-loop.js';
import type { Faults } from './faults.js';
import type { Heartbeat } from './heartbeat.js';
import type { KeyspaceEvents } from './keyspace-events.js';
import type { Listening } from './listening.js';
import type { Memory } from './memory.js';
import type { MonitorFeed } from './monitor-feed.js';
import type { Pausing } from './pausing.js';
import type { PubSubHub } from './pubsub-hub.js';
import type { Reload } from './reload.js';
import { rewriter } from './rewriting.js';
import type { Settings } from './settings.js';
import type { Stopping } from './stopping.js';
import type { ClientTracking } from './tracking.js';

/** Clients decide by INFO's redis_version which commands they may send. Our replies follow this version. */
const REDIS_VERSION = '7.2.0';

/** The parts of a server that commands reach. */
interface ControlParts extends Pick<ServerControl, 'clients' | 'store' | 'gate' | 'watchSessions'> {
  readonly clock: Clock;
  readonly log: FilteredLog;
  readonly settings: Settings;
  readonly source: ConfigSource;
  readonly access: Access;
  readonly reload: Reload;
  readonly counting: Counting;
  readonly heartbeat: Heartbeat;
  readonly statistics: CommandStatistics;
  readonly latency: LatencyMonitor;
  readonly slowlog: Slowlog;
  readonly eventLoop: EventLoop;
  readonly hub: PubSubHub;
  readonly keyspaceEvents: KeyspaceEvents;
  readonly monitors: MonitorFeed;
  readonly tracking: ClientTracking;
  readonly pausing: Pausing;
  readonly memory: Memory;
  readonly durability: Durability | undefined;
  readonly saves: Saves;
  readonly listening: Listening;
  readonly stopping: Stopping;
  readonly faults: Faults;
  /** Whether the server has begun to stop. */
  isClosing(): boolean;
  /** Whether the server has stopped. */
  isStopped(): boolean;
}

/** Makes what commands see of a server out of its parts. */
export function serverControl(parts: ControlParts): ServerControl {
  const { clock, log, settings, source, access, counting, heartbeat, statistics, stopping, faults } = parts;
  const { file } = source;
  return {
    version,
    redisVersion: REDIS_VERSION,
    clock,
    log,
    started: clock.wall(),
    runId: randomBytes(20).toString('hex'),
    get port() {
      return parts.listening.addresses[0]?.port ?? 0;
    },
    clients: parts.clients,
    counters: counting.counters,
    get rates() {
      return heartbeat.rates;
    },
    statistics,
    latency: parts.latency,
    eventLoopDelay: parts.eventLoop.delay,
    slowlog: parts.slowlog,
    aclLog: new AclLog(() => clock.wall()),
    scripts: new Scripts(REDIS_VERSION),
    pubsub: parts.hub,
    keyspaceEvents: parts.keyspaceEvents,
    monitors: parts.monitors,
    tracking: parts.tracking,
    pause: parts.pausing,
    memory: parts.memory,
    durability: parts.durability,
    store: parts.store,
    gate: parts.gate,
    saves: parts.saves,
    authenticate: (client, name, password) => access.authenticate(client, name, password),
    get users() {
      return access.listedUsers;
    },
    get config() {
      return settings.now;
    },
    reload: () => parts.reload.run(() => source.read()),
    configFile: file && { path: file.path, rewrite: rewriter(settings, file, log) },
    setOptions: (given) => settings.set(given),
    countersSinceReset: () => counting.sinceReset(),
    watchSessions: parts.watchSessions,
    resetCounters: () => {
      counting.reset();
      parts.store?.lateness.reset();
      statistics.reset();
    },
    shutdown: (force, now) => stopping.ask(force ? 'force' : 'ask', now),
    abortShutdown: () => stopping.abort(),
    get isStopping() {
      return parts.isClosing() || stopping.endsIn !== undefined;
    },
    get stopped() {
      return parts.isStopped();
    },
    get shutdownEndsIn() {
      return stopping.endsIn;
    },
    reportFault: faults.report,
  };
}
