import type { User } from '../../commands/declaration/permission.js';
import type { Config } from '../../config.js';
import type { Durability } from '../../durability/durability.js';
import type { Saves } from '../../durability/saves.js';
import type { Clock, EngineStats, SessionEngine } from '../../engine/index.js';
import type { ReplyEncoder } from '../../resp/reply-encoder.js';
import type { Request } from '../../resp/request.js';
import type { Slice } from '../../slice.js';
import type { CommandStatistics } from '../observing/command-statistics.js';
import type { SlowLog } from '../observing/slowlog.js';
import type { Transaction } from '../transaction.js';

/** What a command may reach. One object per connection, made once. */
export interface Context {
  readonly engine: SessionEngine;
  readonly reply: ReplyEncoder;
  readonly client: Client;
  readonly server: ServerControl;
}

/** The connection that a command came on. */
export interface Client extends Subscriber {
  readonly id: number;
  /** Where it comes from: `127.0.0.1:50188`, or the socket's path and `:0`. */
  readonly address: string;
  /** Where it came in. */
  readonly localAddress: string;
  readonly onUnixSocket: boolean;
  /** Where it comes from, as far as the client cannot choose it: failed attempts to authenticate are counted by origin. */
  readonly origin: string;
  /** When it connected, on the server's monotonic clock, in ms. */
  readonly connectedAt: number;
  /** When it last sent something. */
  readonly activeAt: number;
  name: string;
  libraryName: string;
  libraryVersion: string;
  /** Who it is; undefined until it has authenticated, where it must. */
  readonly user: User | undefined;
  readonly protocol: 2 | 3;
  readonly transaction: Transaction;
  /** Whether it is sent all commands that are served. */
  readonly monitoring: boolean;
  /** Its latest command: `client|list`. */
  lastCommand: string;
  /** CLIENT REPLY: `skipNext` becomes `skip` with the next command. */
  replyMode: 'on' | 'off' | 'skipNext' | 'skip';
  /** What the latest SELECT asked for, if it was refused: there is no other database. */
  refusedDatabase: string | undefined;
  /** CLIENT NO-TOUCH: what it reads does not count as use. */
  noTouch: boolean;
  /** CLIENT NO-EVICT: it is not disconnected for `maxmemory-clients`. */
  noEvict: boolean;
  /** What it holds of the server's memory, the objects of the connection aside, in bytes: the sum of `memory()`. */
  readonly held: number;
  memory(): ClientMemory;
  /** The client has authenticated as a user: lifts the limits of unauthenticated clients. */
  admit(user: User): void;
  /** Whether the answer to a wrong password is still being held back. */
  readonly penalized: boolean;
  /** Counts a failed attempt to authenticate; one too many ends the connection. @param delay Ms for which the answer is held back. */
  authenticationFailed(delay: number): void;
  /** Puts it back into the state in which it connected. */
  reset(): void;
  /** Sends something that is not part of a reply, as soon as the command under way has ended. */
  push(write: (messages: ReplyEncoder) => void): void;
  /** Disconnects once the replies so far are on their way; what else the client sent is dropped. */
  closeAfterReply(): void;
  /** Disconnects now. */
  kill(): void;
}

/** A failed attempt to authenticate. */
export interface FailedAuthentication {
  /** Whether the password was checked, and wrong; if not, too many attempts from that origin had failed. */
  readonly lookedAt: boolean;
  /** Ms for which the answer is held back or, if the password was not checked, until the next attempt is. */
  readonly delay: number;
}

/** In bytes. */
export interface ClientMemory {
  /** What came and is not served yet. */
  readonly query: number;
  /** What is kept for more of it. */
  readonly queryFree: number;
  /** Where the arguments of a request lie that is not whole yet. */
  readonly args: number;
  /** Commands that wait for EXEC, and what is watched. */
  readonly transaction: number;
  /** What replies are written into. */
  readonly reply: number;
  /** Replies and messages that the client has not read. */
  readonly output: number;
  /** Channels and patterns that it listens to. */
  readonly subscriptions: number;
}

/** Somebody who listens to channels. */
export interface Subscriber {
  readonly channels: Set<string>;
  readonly patterns: Set<string>;
  /** How many of both it listens to. */
  readonly subscriptions: number;
  /** Bytes of memory that they take, kept by `PubSub`. */
  subscriptionBytes: number;
  /** @param pattern The pattern that matched the channel, if it came that way. Texts have one character per byte. */
  message(channel: string, message: string | Buffer, pattern?: string): void;
}

/** Channels and who listens to them. Channels and patterns are texts with one character per byte. */
export interface PubSub {
  subscribe(subscriber: Subscriber, channel: string): void;
  unsubscribe(subscriber: Subscriber, channel: string): void;
  subscribePattern(subscriber: Subscriber, pattern: string): void;
  unsubscribePattern(subscriber: Subscriber, pattern: string): void;
  /** Publishes a message. Returns how many got it or, if there are many subscribers or patterns, a generator that publishes it in steps and returns that. */
  publishing(channel: string, message: string | Buffer): number | Generator<void, number>;
  /** The publication in steps that is under way, which the next one waits for; undefined if there is none. */
  underWay: Promise<void> | undefined;
  /** Channels that somebody subscribes to. */
  channels(): Iterable<string>;
  /** How many subscribe to the channel itself. */
  subscribers(channel: string): number;
  /** How many patterns are subscribed to. */
  readonly patternCount: number;
  readonly channelCount: number;
}

/** The letter that `notify-keyspace-events` has for a kind of events: generic, string, hash, miss. */
export type KeyEventKind = 'g' | '$' | 'h' | 'm';

/**
 * What happens to keys, for those who listen to it as `notify-keyspace-events` says. What happens to sessions by themselves, and
 * their end, is not told here but by the engine.
 */
export interface KeyspaceTeller {
  tell(kind: KeyEventKind, event: string, key: Slice): void;
}

/** Those who are sent every command. */
export interface Monitors {
  readonly size: number;
  add(client: Client): void;
  feed(client: Client, request: Request): void;
}

/** What is used of memory, in bytes. */
export interface MemoryAccount {
  /** By the process before it had a session. */
  readonly startup: number;
  /** By the sessions, overhead included. */
  readonly sessions: number;
  /** By the buffers of connections. */
  readonly clients: number;
  /** All of that. */
  readonly used: number;
  readonly peak: number;
}

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
  readonly slowLog: SlowLog;
  readonly pubsub: PubSub;
  readonly keyspaceEvents: KeyspaceTeller;
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

/** What the server counts, since it started or since CONFIG RESETSTAT. */
export interface Counters {
  connections: number;
  /** Refused for `maxclients` or by protected mode. */
  rejectedConnections: number;
  /** Those that have run, in a transaction as well; not those refused. */
  commands: number;
  errors: number;
  /** Errors by their first word. */
  errorCodes: Map<string, number>;
  /** Bytes. */
  input: number;
  /** Bytes. */
  output: number;
  /** Clients disconnected for output that they did not read. */
  outputLimitDisconnections: number;
  /** Clients disconnected for a request that was too large as a whole. */
  queryLimitDisconnections: number;
  /** Clients disconnected for silence. */
  timedOut: number;
  /** Clients disconnected for `maxmemory-clients`. */
  evictedClients: number;
  /** Clients disconnected before they had authenticated: too late, or to make room. */
  unauthenticatedDisconnections: number;
  deniedAuthentications: number;
  deniedCommands: number;
}

/** As in the engine's statistics. */
export type SessionCounters = Pick<EngineStats, 'expired' | 'evicted' | 'found' | 'missed'>;

/** Per second, over the latest one. */
export interface Rates {
  readonly commands: number;
  /** Bytes. */
  readonly input: number;
  /** Bytes. */
  readonly output: number;
}
