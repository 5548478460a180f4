import type { ReplyEncoder } from '../../resp/reply-encoder.js';
import type { ClientMemory } from './client-memory.js';
import type { Subscriber } from './pub-sub.js';
import type { Transaction } from './transaction.js';
import type { User } from './user.js';

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
  /** Ends its transaction and runs the commands that were waiting: EXEC. Returns a promise only if one of them has to wait. */
  exec(): void | Promise<void>;
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
