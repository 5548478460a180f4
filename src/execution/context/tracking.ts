import type { ReplyEncoder } from '../../resp/reply-encoder.js';

/** How a client wants to hear of the keys that it may have cached: what CLIENT TRACKING ON has set. */
export interface TrackingOptions {
  /** `read`: the keys that it reads. `optin` and `optout`: of these, those that CLIENT CACHING says. `bcast`: all keys. */
  readonly mode: 'read' | 'optin' | 'optout' | 'bcast';
  /** Whether it does not hear of its own changes. */
  readonly noloop: boolean;
  /** The id of the connection that is told instead; 0 for its own. */
  readonly redirect: number;
}

/** The state of a client that tracks keys. */
export interface TrackingState extends TrackingOptions {
  /** CLIENT CACHING, which holds for the next command or transaction. */
  caching: 'yes' | 'no' | undefined;
  /** Whether the connection to tell has gone. */
  isBroken: boolean;
  /** With `bcast`: it hears only of keys with one of these prefixes. Texts have one character per byte. */
  readonly prefixes: Set<string>;
}

/** A client that can track keys. */
export interface TrackingClient {
  readonly id: number;
  readonly protocol: 2 | 3;
  readonly channels: ReadonlySet<string>;
  readonly transaction: { readonly open: boolean; readonly executing: boolean };
  /** Undefined if it tracks nothing. */
  tracking: TrackingState | undefined;
  push(write: (messages: ReplyEncoder) => void): void;
}

/** Tells clients which keys have changed since they read them: CLIENT TRACKING. */
export interface Tracking {
  /** How many clients track keys. Commands need to be reported only if there are any. */
  readonly size: number;
  /** How many keys are remembered, how often in total, and how many prefixes there are. */
  readonly counts: { readonly keys: number; readonly items: number; readonly prefixes: number };
  /** Starts, or goes on with other options and more prefixes. */
  start(client: TrackingClient, options: TrackingOptions, prefixes: readonly string[]): void;
  stop(client: TrackingClient): void;
  /** Call this before a command runs. Returns whose command was running, for `ran`. */
  runs(client: TrackingClient): TrackingClient | undefined;
  /**
   * Call this when a command has run, or has begun to wait.
   * @param command Its full name.
   * @param keysRead Returns the keys that it has read. Texts have one character per byte.
   * @param outer What `runs` has returned.
   */
  ran(
    client: TrackingClient,
    command: string,
    keysRead: () => readonly string[],
    outer: TrackingClient | undefined,
  ): void;
}
