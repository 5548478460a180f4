import type { Dialect, OperationName } from '../operations.js';
import type { Shape } from '../sessions.js';
import type { ClosedLoop } from './closed-loop.js';
import type { OpenLoop, OpenLoopFindings } from './open-loop.js';

/** Operations of one kind, and which sessions (or keys, or names) they use. */
export interface Work {
  readonly operation: OperationName;
  readonly shape: Shape;
  /** The lowest number. 0 by default. */
  readonly first?: number;
  /** How many numbers there are. */
  readonly count: number;
  /** Whether to use them repeatedly, in random order: at most so many of them. If omitted, each is used once, in order. */
  readonly sample?: number;
}

/** Operations of one kind in an open loop. */
export interface StreamOrder {
  readonly work: Work;
  readonly connections: number;
  readonly perSecond: number;
}

/** A task for the load generator. */
export type Order = { readonly port: number; readonly dialect: Dialect } & (
  | {
      readonly kind: 'fill';
      readonly work: Work;
      /** How many requests are prepared at a time. */
      readonly block?: number;
    }
  | { readonly kind: 'closed'; readonly work: Work; readonly connections: number; readonly loop: ClosedLoop }
  | { readonly kind: 'open'; readonly streams: readonly StreamOrder[]; readonly loop: OpenLoop }
);

/** The results, by the kind of order. */
export interface Findings {
  readonly fill: object;
  readonly closed: { readonly operations: number };
  readonly open: OpenLoopFindings;
}

/** What is known about every order. */
export interface Effort {
  /** From the start to the last reply. */
  readonly seconds: number;
  /**
   * The share of one core that the generator used, from 0 to 1. Near 1 the generator itself may limit the operations
   * per second.
   */
  readonly busy: number;
}
