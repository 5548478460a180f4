import type { HttpBindings } from '@hono/node-server';
import type { Hono } from 'hono';
import type { SessionEngine } from '../engine/index.js';
import type { ServerControl } from '../execution/context/server-control.js';
import type { FailedAuthentication, User } from '../execution/context/user.js';

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
   * Aborted when the server begins to close its connections. From then on only health checks are answered, and
   * responses that have no end, such as server-sent events, must end.
   */
  readonly closing: AbortSignal;
  /** Returns the user of that name if the password is right, otherwise how the attempt failed. */
  authenticate(from: HttpPeer, user: string, password: Buffer): User | FailedAuthentication;
}

/** The other side of an HTTP connection. */
export interface HttpPeer {
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
