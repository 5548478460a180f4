import type { Config } from '../../config.js';
import type { Durability } from '../../durability/durability.js';
import type { Saves } from '../../durability/saves.js';
import type { Clock } from '../../engine/index.js';
import type { CommandStatistics } from '../observing/command-statistics.js';
import type { Slowlog } from '../observing/slowlog.js';
import type { Client } from './client.js';
import type { Counters, Rates, SessionCounters } from './counters.js';
import type { KeyspaceNotifier } from './keyspace-notifier.js';
import type { MemoryAccount } from './memory-account.js';
import type { Monitors } from './monitors.js';
import type { PubSub } from './pub-sub.js';
import type { FailedAuthentication, User } from './user.js';

/** The server as a whole, as far as commands are concerned. */
export interface ServerControl {
  /** Our version. */
  readonly version: string;
  /** The version of Redis whose replies ours follow: what clients decide by. */
  readonly redisVersion: string;
  readonly clock: Clock;
  /** Unix ms. */
  readonly started: number;
  readonly runId: string;
  readonly port: number;
  /** Connections that are open, by id, oldest first. */
  readonly clients: ReadonlyMap<number, Client>;
  readonly counters: Counters;
  readonly rates: Rates;
  readonly statistics: CommandStatistics;
  readonly slowlog: Slowlog;
  readonly pubsub: PubSub;
  readonly keyspaceEvents: KeyspaceNotifier;
  readonly monitors: Monitors;
  readonly memory: MemoryAccount;
  /** What keeps sessions over a restart; undefined if nothing does. */
  readonly durability: Durability | undefined;
  /** Saves sessions as data sets, and loads them. */
  readonly saves: Saves;
  /** The user of that name, if the password is his; else why not. */
  authenticate(client: Client, user: string, password: Buffer): User | FailedAuthentication;
  /** The options' values as they are now. */
  readonly config: Config;
  /** Changes options, all or none. @throws OptionError for the first that may not be changed so. */
  setOptions(given: readonly (readonly [name: string, value: string])[]): void;
  /** What became of sessions, and of look-ups, since the counters started. */
  sessionCounters(): SessionCounters;
  /** Starts the counters anew. */
  resetCounters(): void;
  /**
   * Stops the server when the disk has all changes; with `force`, in any case. Resolves just before it stops; rejects if the server goes on.
   * @param now Whether clients that read slowly are disconnected at once.
   */
  shutdown(force: boolean, now: boolean): Promise<void>;
  /** Cancels a stop that waits. Returns whether there was one. */
  abortShutdown(): boolean;
  /** Ms until a stop that waits for the disk gives up waiting; undefined if none waits. */
  readonly shutdownEndsIn: number | undefined;
  /** Logs an internal error. */
  reportFault(fault: unknown): void;
}
