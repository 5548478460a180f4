import type { Config } from '../../config.js';
import type { Durability } from '../../durability/durability.js';
import type { Saves } from '../../durability/saves.js';
import type { Clock, Lateness } from '../../engine/index.js';
import type { FilteredLog } from '../../log/filtered-log.js';
import type { EventLog } from '../../log/log-events.js';
import type { Scripts } from '../../scripting/scripts.js';
import type { EventStream } from '../../stream/event-stream.js';
import type { WebhookStatus } from '../../webhooks/webhook-status.js';
import type { AclLog } from '../observing/acl-log.js';
import type { CommandStatistics } from '../observing/command-statistics.js';
import type { LatencyMonitor } from '../observing/latency-monitor.js';
import type { Slowlog } from '../observing/slowlog.js';
import type { Client } from './client.js';
import type { Counters, CountersSinceReset, Rates } from './counters.js';
import type { Gate } from './gate.js';
import type { KeyspaceNotifier } from './keyspace-notifier.js';
import type { MemoryAccount } from './memory-account.js';
import type { Monitors } from './monitors.js';
import type { Pause } from './pause.js';
import type { PubSub } from './pub-sub.js';
import type { Readers } from './readers.js';
import type { ReloadReport } from './reload-report.js';
import type { SessionWatcher } from './session-watcher.js';
import type { StoreControl } from './store-control.js';
import type { Tracking } from './tracking.js';
import type { FailedAuthentication, ListedUser, User } from './user.js';

/** The part of the server that commands may use. */
export interface ServerControl {
  /** respite's version. */
  readonly version: string;
  /** The version of Redis that replies follow. Clients use it to decide which commands they may send. */
  readonly redisVersion: string;
  readonly clock: Clock;
  readonly log: EventLog & Pick<FilteredLog, 'isOn'>;
  /** When it started, in unix ms. */
  readonly started: number;
  readonly runId: string;
  readonly port: number;
  /** The open connections by id, oldest first. */
  readonly clients: ReadonlyMap<number, Client>;
  readonly counters: Counters;
  readonly rates: Rates;
  readonly statistics: CommandStatistics;
  readonly latency: LatencyMonitor;
  /** How long the event loop kept timers waiting. `recent` summarizes the last 5 s. */
  readonly eventLoopDelay: Lateness;
  readonly slowlog: Slowlog;
  readonly aclLog: AclLog;
  /** The scripts that are known. */
  readonly scripts: Scripts;
  readonly pubsub: PubSub;
  readonly keyspaceEvents: KeyspaceNotifier;
  readonly monitors: Monitors;
  readonly tracking: Tracking;
  readonly pause: Pause;
  readonly readers: Readers;
  readonly memory: MemoryAccount;
  /** Keeps sessions over a restart; undefined if nothing does. */
  readonly durability: Durability | undefined;
  /** The events of sessions in memory, for readers who come later; undefined without `events-stream`, or with a store. */
  readonly eventStream: EventStream | undefined;
  /** The store outside of this process that has the sessions; undefined if they are in memory. */
  readonly store: StoreControl | undefined;
  /** The webhooks, in the order of the configuration. */
  readonly webhooks: readonly WebhookStatus[];
  /** Undefined if every command can run. While a script pauses, it puts a gate of its own here. */
  gate: Gate | undefined;
  /** Saves sessions as data sets, and loads them. */
  readonly saves: Saves;
  /** Returns the user of that name if the password is right, otherwise how the attempt failed. */
  authenticate(
    client: Pick<Client, 'origin' | 'penalized'>,
    user: string,
    password: Buffer,
  ): User | FailedAuthentication;
  /** All users, sorted by name. */
  readonly users: readonly ListedUser[];
  /** The current values of the options. */
  readonly config: Config;
  /** Changes options, all or none. @throws OptionError for the first one that may not be changed this way. */
  setOptions(given: readonly (readonly [name: string, value: string])[]): void;
  /** Reads the options and the files that they name again, all or nothing. @throws ConfigError if one is wrong. */
  reload(): ReloadReport;
  /**
   * The configuration file, if there is one. `rewrite` writes what `setOptions` has changed, and rejects if that fails.
   */
  readonly configFile: { readonly path: string; rewrite(): Promise<void> } | undefined;
  /** Returns what was counted since the start or the latest `resetCounters`. */
  countersSinceReset(): CountersSinceReset;
  /** Notifies a watcher of the events of sessions from now on. Returns a function that stops this. */
  watchSessions(watcher: SessionWatcher): () => void;
  /** Makes `countersSinceReset` and the statistics begin again. */
  resetCounters(): void;
  /**
   * Stops the server once the disk has all changes or, with `force`, in any case. Resolves just before it stops;
   * rejects if the server continues.
   * @param now Whether `shutdown-delay` is skipped, and slow readers are disconnected at once.
   */
  shutdown(force: boolean, now: boolean): Promise<void>;
  /** Whether a stop has been asked for and not been cancelled. Clients should no longer be sent here. */
  readonly isStopping: boolean;
  /** Whether the server has stopped. Commands that are still under way must not change anything then. */
  readonly stopped: boolean;
  /** Cancels a stop that is waiting. Returns whether there was one. */
  abortShutdown(): boolean;
  /** Ms until a stop that has been asked for happens at the latest; undefined if none has been asked for. */
  readonly shutdownEndsIn: number | undefined;
  /** Logs an internal error. */
  reportFault(fault: unknown): void;
}
