import type { Clock, SessionEngine } from '../engine/index.js';
import type { ReplyEncoder } from '../resp/reply-encoder.js';

/** What a command may reach. One object per connection, made once. */
export interface Context {
  readonly engine: SessionEngine;
  readonly reply: ReplyEncoder;
  readonly client: Client;
  readonly server: ServerControl;
}

/** The connection that a command came on. */
export interface Client {
  readonly id: number;
  name: string;
  libraryName: string;
  libraryVersion: string;
  readonly authenticated: boolean;
  /** Lifts the limits on a client that has not authenticated. */
  admit(): void;
  /** Disconnects once the replies so far are on their way; what else the client sent is dropped. */
  closeAfterReply(): void;
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
  readonly maxClients: number;
  /** Connections that are open. */
  readonly clients: number;
  readonly counters: Counters;
  /** Whether a password must be given; `checkPassword` tells whether it is the right one. */
  readonly passwordRequired: boolean;
  checkPassword(user: string, password: Buffer): boolean;
  /** Names and values of all options, as CONFIG GET shows them. */
  options(): Iterable<readonly [name: string, value: string]>;
  /** Stops the server, once the command under way has returned. */
  shutdown(): void;
}

/** What the server counts, since it started. */
export interface Counters {
  connections: number;
  /** Refused for `maxclients`. */
  rejectedConnections: number;
  commands: number;
  errors: number;
  /** Bytes. */
  input: number;
  /** Bytes. */
  output: number;
}
