import type { SessionEvent } from '../engine/index.js';
import type { SessionStore } from './session-store.js';

/** A store of sessions outside of this process, as the server sees it. */
export interface RemoteStore extends SessionStore {
  /** How the store is. Reading it asks no node. */
  readonly status: StoreStatus;
  /** Starts what runs in the background: it joins the processes of the store, and expires sessions on time. */
  start(): Promise<void>;
  /** Leaves the processes of the store, waits for what is under way, and closes all connections. Never rejects. */
  close(): Promise<void>;
}

/** What an operator says about a store. */
export interface StoreOptions {
  /** At least one. Which kind of store they belong to is found out by asking. */
  readonly addresses: readonly StoreAddress[];
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** Always 0 in a cluster. */
  readonly database: number;
  /** Undefined for connections without TLS. */
  readonly tls: StoreTls | undefined;
  /** What the names of all keys begin with. */
  readonly prefix: string;
  /** How many partitions a new store gets; undefined for the default or whatever the store has. */
  readonly partitions: number | undefined;
  /** How many replicas must have a change before it is acknowledged. */
  readonly replicas: number;
  /** The most ms that an operation may take. */
  readonly timeout: number;
  /** About how many events each partition keeps. */
  readonly events: number;
}

export interface StoreAddress {
  /** Without brackets around an IPv6 address. */
  readonly host: string;
  readonly port: number;
}

/** PEM texts. Those that are undefined are not used: the authorities are then those that Node.js trusts. */
export interface StoreTls {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

/** What the store's background needs of its server. */
export interface StoreHost {
  /** Whether anybody in this process wants to hear of sessions. It may change at any time. */
  readonly wantsEvents: boolean;
  /** Publishes what happened to a session to the subscribers of this process. Never throws. */
  onEvent(event: StoreEvent): void;
  /** Called after a session was expired by this process. @param ms How late. */
  onExpiry(ms: number): void;
  /** Called for an error of this process, which is a bug. */
  onFault(fault: unknown): void;
}

/** What happened to a session, as the store's outbox has it. */
export interface StoreEvent {
  readonly event: SessionEvent;
  readonly token: Buffer;
  readonly name: Buffer;
  /** In unix ms. */
  readonly created: number;
  /** When it happened, in unix ms. */
  readonly at: number;
  /** Alternating keys and values, if the event has removed them. */
  readonly data: readonly Buffer[] | undefined;
  /** If the event has removed too much data to contain it: the number of keys, and the lengths of some of the values. */
  readonly sizes: DataSizes | undefined;
}

export interface DataSizes {
  readonly count: number;
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
