import type { ReplyEncoder } from '../../resp/reply-encoder.js';
import type { Script } from '../../scripting/scripts.js';
import type { Slice } from '../../slice.js';
import type { Blocked } from './blocked.js';
import type { ClientMemory } from './client-memory.js';
import type { Subscriber } from './pub-sub.js';
import type { TrackingClient } from './tracking.js';
import type { Transaction } from './transaction.js';
import type { User } from './user.js';

/** The connection that a command came on. */
export interface Client extends Subscriber, TrackingClient {
  /** Its address: `127.0.0.1:50188`, or the path of the unix socket and `:0`. */
  readonly address: string;
  /** The server's address that it connected to. */
  readonly localAddress: string;
  readonly onUnixSocket: boolean;
  /** The part of its address that the client cannot choose. Failed attempts to authenticate are counted by origin. */
  readonly origin: string;
  /** When it connected, on the server's monotonic clock, in ms. */
  readonly connectedAt: number;
  /** When it last sent something, on the same clock. */
  readonly activeAt: number;
  name: string;
  libraryName: string;
  libraryVersion: string;
  /** Undefined if it must authenticate and has not done so yet. */
  readonly user: User | undefined;
  readonly transaction: Transaction;
  /** What its command waits for, if that is one that blocks; otherwise undefined. */
  blocked: Blocked | undefined;
  /** Ends its transaction and runs the queued commands: EXEC. Returns a promise only if one of them has to wait. */
  exec(): void | Promise<void>;
  /** Runs a script and writes its result as the reply. Returns a promise only if it runs for very long. */
  runScript(script: Script, call: ScriptCall): void | Promise<void>;
  /** Whether it receives all commands: MONITOR. */
  readonly monitoring: boolean;
  /** Its latest command: `client|list`. */
  lastCommand: string;
  /** Set by CLIENT REPLY. `skipNext` becomes `skip` with the next command. */
  replyMode: 'on' | 'off' | 'skipNext' | 'skip';
  /** The number of the database that it has selected. */
  database: number;
  /** CLIENT NO-TOUCH: its reads do not count as use. */
  noTouch: boolean;
  /** CLIENT NO-EVICT: it is not disconnected for `maxmemory-clients`. */
  noEvict: boolean;
  /** Its memory without the objects of the connection, in bytes: the sum of `memory()`. */
  readonly held: number;
  memory(): ClientMemory;
  /** Authenticates it as this user, and lifts the limits of unauthenticated clients. */
  admit(user: User): void;
  /** Whether the reply to a wrong password is still held back. */
  readonly penalized: boolean;
  /**
   * Counts a failed attempt to authenticate. Too many end the connection.
   * @param delay For how many ms the reply is held back.
   */
  authenticationFailed(delay: number): void;
  /** Restores the state of a new connection: RESET. */
  reset(): void;
  /** Sends something that is not part of a reply, once the current command has ended. */
  push(write: (messages: ReplyEncoder) => void): void;
  /** Holds messages back until the current command has ended. They then follow its reply. */
  holdMessages(): void;
  /** Whether it has disconnected. */
  readonly gone: boolean;
  /** Disconnects it after the current replies are sent. Requests that it has sent already are dropped. */
  closeAfterReply(): void;
  /** Disconnects it at once. */
  kill(): void;
}

/** With what a script is called. */
export interface ScriptCall {
  /** Valid until the script runs. */
  readonly keys: readonly Slice[];
  readonly args: readonly Slice[];
  /** Whether it may not write: EVAL_RO. */
  readonly isReadOnly: boolean;
}
