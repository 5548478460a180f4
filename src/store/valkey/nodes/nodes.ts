import type { DurationHistogram } from '../../../duration-histogram.js';
import { CodedError } from '../../../errors.js';
import type { Slice } from '../../../slice.js';
import type { StoreOptions, StoreStatus } from '../../remote-store.js';

/**
 * The nodes of the Valkey or Redis that has the sessions: the primaries of a cluster, or a single primary, which
 * Sentinels may name. `connect.ts` connects to them.
 */
export interface Nodes {
  /**
   * Calls a function of the library on the primary that has the partition. All calls to one node in one turn of the
   * event loop are sent in one write. They run in the order in which they were made. But others may overtake a call
   * that is sent to another node, because its partition is moving, or that has to wait for a connection.
   *
   * A call whose outcome is not known is never repeated.
   *
   * @param partition Its base key is the function's only key.
   * @param fn The function's name without the library's prefix: `get`.
   * @param args What follows the key. They are copied before this returns.
   * @throws CodedError (rejects) with the code and message of the error that the function returned.
   * @throws StoreError (rejects) if the store did not answer, within `timeout` ms.
   */
  call(partition: number, fn: string, args: readonly Argument[]): Promise<Reply>;

  /**
   * Runs a command of the node itself, like `call`.
   * @param partition Its keys are all of this partition.
   * @param words The command and its arguments. They are copied before this returns.
   * @param isRead Whether no replica has to confirm what it changes.
   */
  command(partition: number, words: readonly Argument[], isRead: boolean): Promise<Reply>;

  /**
   * Subscribes to a sharded channel of partitions: `<base>:<channel>`. The subscription follows its partitions to other
   * nodes, and reconnects by itself.
   */
  subscribe(channel: string, partitions: Iterable<number>, listener: ChannelListener): Subscription;

  /** What is known now. This sends nothing. */
  state(): StoreState;

  /** Waits for the calls that are on their way, at most `timeout` ms, and closes all connections. */
  close(): Promise<void>;
}

/** What runs the functions of the library: the nodes, or a transaction that collects the calls first. */
export type Calls = Pick<Nodes, 'call'>;

/** Strings are sent as UTF-8, numbers in decimal. */
export type Argument = Slice | Uint8Array | string | number;

/** Strings and status replies are Buffers. The array that `exec` returns has an error in place of a failed reply. */
export type Reply = Buffer | number | null | CodedError | readonly Reply[];

export interface ChannelListener {
  /**
   * The message is a view of what was received. Nothing overwrites it, but it keeps the rest alive: copy it to keep it.
   */
  onMessage(partition: number, message: Buffer): void;
  /**
   * Called when the subscription to a partition's channel begins: for the first time, or again after an interruption.
   * It may have missed messages that were published before. From now on it receives all, until this is called again.
   */
  onStart(partition: number): void;
}

export interface Subscription {
  /** Changes which partitions it is for. */
  set(partitions: Iterable<number>): void;
  close(): void;
}

/** `version` is that of the first node that was asked. */
export interface StoreState extends Pick<StoreStatus, 'kind' | 'version' | 'reachable' | 'since' | 'lastError'> {
  /** The addresses of the primaries, `host:port`. */
  readonly primaries: readonly string[];
  /** How long the answered calls took. It keeps counting. */
  readonly times: DurationHistogram;
  /** How many calls have failed with a StoreError. */
  readonly failures: number;
}

/** The functions that run on the nodes. */
export interface FunctionLibrary {
  /** The argument of FUNCTION LOAD. */
  readonly code: string;
  /** The prefix of each function's name. */
  readonly prefix: string;
  /** Functions whose changes need no confirmation by replicas. */
  readonly reads: ReadonlySet<string>;
}

export interface NodesOptions extends Omit<StoreOptions, 'partitions' | 'events'> {
  readonly library: FunctionLibrary;
  /** How long to keep trying the first connection, in ms: the store may still be starting. Default: 10 s. */
  readonly patience?: number;
}

/** The store did not answer, or could not. `message` says whether the operation may have run. */
export class StoreError extends CodedError {
  declare readonly code: StoreErrorCode;
  /** Whether the operation may have run. If not, it certainly has not, and will not. */
  readonly mayHaveRun: boolean;

  constructor(code: StoreErrorCode, message: string, mayHaveRun: boolean) {
    super(code, message);
    this.name = 'StoreError';
    this.mayHaveRun = mayHaveRun;
  }
}

type StoreErrorCode = 'TRYAGAIN' | 'CLUSTERDOWN' | 'NOREPLICAS';

/** Returns the base of a partition: the beginning of all its keys. */
export function baseOf(prefix: string, index: number): string {
  return `${prefix}{${index}}`;
}
