import type { Dialect, OperationName } from '../operations.js';
import type { Shape } from '../sessions.js';
import type { ClosedLoop } from './closed-loop.js';
import type { EventFindings } from './expired-events.js';
import type { OpenLoop, OpenLoopFindings } from './open-loop.js';

/** Operations of one kind, and which sessions (or keys, or names) they use. */
export interface Work {
  readonly operation: OperationName;
  readonly shape: Shape;
  /** The lowest number. 0 by default. */
  readonly first?: number;
  /** How many numbers there are. */
  readonly count: number;
  /** How many of the numbers to use, drawn at random and repeated. If omitted, each number is used once, in order. */
  readonly sample?: number;
}

/** A server to send requests to. */
export interface Target {
  readonly port: number;
  readonly dialect: Dialect;
  /** A hash tag (`{a}`) that is put before each key, so that this node of a cluster has it. */
  readonly tag?: string;
}

/** Runs each operation once, as fast as possible. */
export interface Fill {
  readonly kind: 'fill';
  readonly work: Work;
  /** How many requests are prepared at a time. All of a million would be a gigabyte. */
  readonly block: number;
}

export interface Closed extends ClosedLoop {
  readonly kind: 'closed';
  readonly work: Work;
  readonly connections: number;
}

export interface Open extends OpenLoop {
  readonly kind: 'open';
  readonly streams: readonly { readonly work: Work; readonly connections: number; readonly perSecond: number }[];
}

/** Receives the `expired` events of sessions. The start message has their shape, with the deadlines. */
export interface Events {
  readonly kind: 'events';
  readonly sessions: number;
}

/** A task for the load generator. */
export type Order = Fill | Closed | Open | Events;

/** What each kind of order finds. */
export interface Findings {
  readonly fill: Effort;
  readonly closed: Effort & { readonly operations: number };
  readonly open: Effort & OpenLoopFindings;
  readonly events: Effort & EventFindings;
}

interface Effort {
  /** From the start to the last reply. */
  readonly seconds: number;
  /**
   * The share of one core that the generator used, from 0 to 1. Near 1 the generator itself may limit the operations
   * per second.
   */
  readonly busy: number;
}
