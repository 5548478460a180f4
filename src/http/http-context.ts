import type { Socket } from 'node:net';
import type { HttpBindings } from '@hono/node-server';
import type { Hono } from 'hono';
import type { SessionEngine } from '../engine/index.js';
import type { ServerControl } from '../execution/context/server-control.js';
import type { FailedAuthentication, User } from '../execution/context/user.js';
import type { DecodedReply } from '../resp/reply-decoder.js';

/** What routes may use. The server provides it. */
export interface HttpContext {
  /** While the journal is loaded (`server.durability.progress`), only its counters may be read. */
  readonly engine: SessionEngine;
  readonly server: ServerControl;
  /** The user of a request without a password, or undefined if every request needs one. */
  readonly userWithoutPassword: User | undefined;
  /** Whether only clients on this machine are served. */
  readonly isProtected: boolean;
  /**
   * Logs that protected mode refused a request.
   * @param from See `Client.origin`.
   */
  reportProtectedMode(from: string): void;
  /**
   * Aborted when the server begins to close its connections. From then on only health checks are answered, and
   * responses that have no end, such as server-sent events, must end.
   */
  readonly closing: AbortSignal;
  /**
   * Connects a client that has authenticated as a user. Close it when its commands have been answered.
   * @param from The connection of the request, whose addresses the client has too.
   */
  connect(user: User, from: Socket): CommandClient;
  /**
   * Calls back when the named users, their permissions or passwords have changed: responses without an end must end
   * then. A change of `requirepass` alone is not reported. As in Redis, who is already connected as `default` stays,
   * with or without a password.
   */
  onUsersChanged(listener: () => void): void;
  /** Returns the user of that name if the password is right, otherwise how the attempt failed. */
  authenticate(from: HttpPeer, user: string, password: Buffer): User | FailedAuthentication;
}

/** A client of the server within the process. */
export interface CommandClient {
  /**
   * Runs a command as for any client: it is checked, counted, logged and made durable in the same way.
   * @returns The reply in RESP2.
   * @throws ReplyError if the reply is an error, or with the code CLOSED if the server closes the connection.
   */
  run(...words: readonly (string | Buffer)[]): Promise<DecodedReply>;
  close(): void;
}

/** The other side of an HTTP connection. */
interface HttpPeer {
  /** See `Client.origin`. */
  readonly origin: string;
  /** Whether the reply to a wrong password is still held back on this connection. */
  readonly penalized: boolean;
}

/** What a route finds in its request: `c.env.incoming` is Node's request, `c.var.user` the authenticated user. */
export interface HttpEnv {
  Bindings: HttpBindings;
  Variables: { user: User };
}

export type HttpApp = Hono<HttpEnv>;
