import type { ReplyEncoder } from '../../resp/reply-encoder.js';

/** What CLIENT TRACKING ON has set: which keys a client may have cached, and how it is notified of their changes. */
export interface TrackingOptions {
  /**
   * `read`: the keys that it reads. `optin`, `optout`: those of them that CLIENT CACHING chooses. `bcast`: all keys.
   */
  readonly mode: 'read' | 'optin' | 'optout' | 'bcast';
  /** Whether it is not notified of its own changes. */
  readonly noloop: boolean;
  /** The id of the connection that is notified instead; 0 for its own. */
  readonly redirect: number;
}

/** The state of a client that tracks keys. */
export interface TrackingState extends TrackingOptions {
  /** What CLIENT CACHING has said about the next command or transaction. */
  caching: 'yes' | 'no' | undefined;
  /** Whether the connection to notify has ended. */
  isBroken: boolean;
  /** With `bcast`: only keys with one of these prefixes matter. Texts have one character per byte. */
  readonly prefixes: Set<string>;
}

/** A client that can track keys. */
export interface TrackingClient {
  readonly id: number;
  readonly protocol: 2 | 3;
  /** How many channels and patterns it has subscribed to. */
  readonly subscriptions: number;
  readonly transaction: { readonly open: boolean; readonly executing: boolean };
  /** Undefined if it tracks nothing. */
  tracking: TrackingState | undefined;
  /** Sends something that is not part of a reply, after the reply to the command that is running. */
  pushAfterReply(write: (messages: ReplyEncoder) => void): void;
}

/** Notifies clients of the keys that have changed since they read them: CLIENT TRACKING. */
export interface Tracking {
  /** How many clients track keys. Commands need to be reported only if there are any. */
  readonly size: number;
  /** How many keys are remembered, how often in total, and how many prefixes there are. */
  readonly counts: { readonly keys: number; readonly items: number; readonly prefixes: number };
  /** Starts, or goes on with other options and more prefixes. */
  start(client: TrackingClient, options: TrackingOptions, prefixes: readonly string[]): void;
  stop(client: TrackingClient): void;
  /**
   * Says who causes the changes from now on. Returns who did until now; pass that to this method afterwards.
   * @param cause The client whose command changes keys; undefined for the server.
   */
  attribute(cause: TrackingClient | undefined): TrackingClient | undefined;
  /**
   * Call this when a command has read keys, or has begun to.
   * @param keys Returns the keys. Texts have one character per byte.
   */
  read(client: TrackingClient, keys: () => readonly string[]): void;
  /** Call this when a request has been served, or has begun to wait. @param command The full name of its command. */
  served(client: TrackingClient, command: string): void;
}
