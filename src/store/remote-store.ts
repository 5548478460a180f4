import type { ConnectionOptions } from 'node:tls';
import type { Clock, Lateness, SessionEvent } from '../engine/index.js';
import type { Slice } from '../slice.js';
import type { Store } from './store.js';

/** A store of sessions outside of this process, as the server sees it. */
export interface RemoteStore extends Store {
  /** The state of the store. Reading it sends nothing. */
  readonly status: StoreStatus;
  /** How late this process has expired sessions. */
  readonly lateness: Lateness;
  /** The stream of events; undefined unless the server has said what it is to have. */
  readonly stream?: RemoteStream | undefined;
  /**
   * Starts what runs in the background: it joins the processes of the store, and expires sessions on time. Resolves
   * when it has, or when it could not for now and tries again by itself. Never rejects.
   */
  start(): Promise<void>;
  /**
   * Says whether this process wants to be notified of events. Resolves when every event from then on is going to
   * arrive.
   */
  follow(wanted: boolean): Promise<void>;
  /** Leaves the processes of the store, waits for what is under way, and closes all connections. Never rejects. */
  close(): Promise<void>;
}

/** What an operator says about a store. */
export interface StoreOptions {
  /** Some of the nodes, or of the Sentinels. One that answers is enough, and says which of the two they are. */
  readonly addresses: readonly { readonly host: string; readonly port: number }[];
  readonly user?: string;
  readonly password?: string;
  /** Of a single primary. A cluster has only database 0. */
  readonly database: number;
  /** If set, connections use TLS. `{}` trusts the usual authorities. */
  readonly tls?: ConnectionOptions;
  /** The name under which the Sentinels know the primary. Needed only if they know several. */
  readonly sentinelName?: string;
  /** The password of the Sentinels. */
  readonly sentinelPassword?: string;
  /** The prefix of all keys. */
  readonly prefix: string;
  /** How many partitions the store must have; undefined for those that it has or, if it is new, the default. */
  readonly partitions: number | undefined;
  /** How many replicas must have received a change before it is acknowledged. */
  readonly wait: number;
  /** The longest a call to a node takes, in ms. */
  readonly timeout: number;
  /** About how many events each partition keeps. */
  readonly events: number;
}

/**
 * Connects to a store.
 * @throws UnusableStoreError (rejects) if it cannot be used.
 */
export type OpenStore = (host: StoreHost) => Promise<RemoteStore>;

/** What a store needs of its server. */
export interface StoreHost {
  readonly clock: Clock;
  /** The longest value that a command may build, in bytes. */
  readonly maxValueBytes: number;
  /** Notified of what happened to a session, if this process wants events. Never throws. */
  onEvent(event: StoreEvent): void;
  /** Called for an error that is a bug. */
  onFault(fault: unknown): void;
  /** What the stream of events is to have; undefined if this server does not append events to it. */
  readonly stream?: StreamSource | undefined;
}

/** What the stream of events is to have. */
export interface StreamSource {
  /** Whether the stream keeps an event. */
  keeps(event: SessionEvent, name: Buffer): boolean;
  /** Returns the data of an event as JSON; undefined for an event without data. Valid until the next call. */
  data(event: StoreEvent): Buffer | undefined;
  /** The current limits of the stream. */
  readonly retention: StreamRetention;
}

/** How much a stream keeps. 0 stands for no limit. */
export interface StreamRetention {
  /** The most entries. */
  readonly maxLength: number;
  readonly maxBytes: number;
  /** In ms. */
  readonly maxAge: number;
}

/** The stream of events in a store outside of this process. */
export interface RemoteStream {
  readonly status: ForwardingStatus;
  /** How many reads wait for entries. */
  readonly waiting: number;
  /** Asks for what can be said of the stream. @throws CodedError (rejects) if the store does not answer. */
  figures(): Promise<StreamFigures>;
  /**
   * Runs an X command on the stream.
   * @param words The command and its arguments, with the string `STREAM_KEY` in place of the key. They are copied before
   *   this returns.
   * @param isRead Whether the command changes nothing.
   * @throws CodedError (rejects) with the node's error, or if the store does not answer.
   */
  run(words: readonly (Slice | string)[], isRead: boolean): Promise<StreamReply>;
  /**
   * Runs XREAD or XREADGROUP, and waits until it has entries.
   * @param words Without BLOCK. They must stay valid. `GROUP`, the group and the consumer follow XREADGROUP.
   * @param ms How long to wait; Infinity for as long as it takes. After that, the reply is null.
   * @param signal Ends the wait, with the reply null unless the store has delivered entries at that moment.
   * @throws CodedError (rejects) as `run` does.
   */
  read(words: readonly (Slice | string)[], ms: number, signal: AbortSignal): Promise<StreamReply>;
}

/** What can be said of a stream of events. */
export interface StreamFigures {
  readonly length: number;
  /** What the entries and the groups take. */
  readonly bytes: number;
  /** The id of the oldest entry; `0-0` if there is none. */
  readonly firstId: string;
  /** The id of the latest entry that there has been. */
  readonly lastId: string;
  /** How many entries there have been. */
  readonly entriesAdded: number;
  readonly groups: readonly GroupFigures[];
}

export interface GroupFigures {
  readonly name: Buffer;
  readonly pending: number;
  /** How many entries were not delivered to it yet; undefined if that is not known. */
  readonly unread: number | undefined;
}

/** A reply in the form that it has in RESP2. Status replies are Buffers too. */
export type StreamReply = Buffer | number | null | readonly StreamReply[];

/** How events come to the stream, as far as this process is concerned. The counts are since its start. */
export interface ForwardingStatus {
  /** Partitions whose events this process appends to the stream. */
  readonly owned: number;
  /** Whether this process looks after the stream: of all processes at most one, except while that changes. */
  readonly ownsStream: boolean;
  /** Live processes that append events, this one included. */
  readonly processes: number;
  /** Events that this process has appended. */
  readonly forwarded: number;
  /** Calls that have failed. They were repeated. */
  readonly failures: number;
  /** Entries that this process has removed before a consumer group has read them, added up over the groups. */
  readonly lost: number;
  /** The group that has lost most, of those that have lost entries most recently; undefined if none has lost any. */
  readonly furthestBehind: { readonly name: Buffer; readonly lost: number } | undefined;
  /** For how long the oldest event that this process has to append has been waiting for it, in ms. */
  readonly lag: number;
}

/** What happened to a session, as the store's outbox has it. Each property may be decoded anew when it is read. */
export interface StoreEvent {
  readonly event: SessionEvent;
  /** With one character per byte. */
  readonly token: string;
  readonly name: Buffer;
  /** In unix ms. */
  readonly created: number;
  /** When it happened, in unix ms. */
  readonly at: number;
  /** Alternating keys and values, if the event has removed them and they were not too many. */
  readonly data: readonly Buffer[] | undefined;
  /** Instead of data that was too much. */
  readonly sizes: DataSizes | undefined;
}

/** How much data a session had. */
export interface DataSizes {
  /** The number of keys. */
  readonly count: number;
  /** Some of the keys, with the length of each value in bytes. */
  readonly entries: readonly { readonly key: Buffer; readonly length: number }[];
}

export interface StoreStatus {
  readonly kind: 'cluster' | 'single' | 'sentinel';
  /** The product and its version: `Valkey 9.1.2`. */
  readonly version: string;
  /** The primaries as `host:port`. */
  readonly nodes: readonly string[];
  readonly partitions: number;
  /** Partitions whose sessions this process expires. */
  readonly owned: number;
  /** Live processes of the store, this one included. */
  readonly processes: number;
  /** Whether each partition has a primary that answers. */
  readonly reachable: boolean;
  /** Since when `reachable` has been as it is, in unix ms. */
  readonly since: number;
  /** Why it was not reachable most recently, in one line without credentials; undefined if it always was. */
  readonly lastError: string | undefined;
  /** Calls since the start. */
  readonly calls: number;
  /** Calls that have failed because the store did not answer or could not serve. */
  readonly failures: number;
  /** The time from each call to its answer, in ms, added up. */
  readonly totalMs: number;
}

/**
 * The store cannot be used as the options say: it cannot be reached, is too old, or refuses the password. The message
 * is one line for a person, says what to do, and contains no credential.
 */
export class UnusableStoreError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'UnusableStoreError';
  }
}
