import type { DialectName, Verb } from '../sessions/dialect.js';
import type { Shape } from '../sessions/shape.js';
import type { Address } from './client.js';
import type { ClosedLoop, ClosedLoopFindings } from './closed-loop.js';
import type { OpenLoop, OpenLoopFindings } from './open-loop.js';

/** Operations of one kind, and which sessions (or keys) they use. */
export interface Work {
  readonly dialect: DialectName;
  readonly verb: Verb;
  readonly shape: Shape;
  /** The lowest number. */
  readonly first: number;
  /** How many numbers there are. */
  readonly count: number;
  /** How many of them, chosen at random, to use repeatedly. If omitted, each is used once, in order. */
  readonly sample?: number;
}

/** A task for the load generator. */
export type Order =
  | { readonly kind: 'fill'; readonly address: Address; readonly work: Work }
  | {
      readonly kind: 'closed';
      readonly address: Address;
      readonly work: Work;
      readonly connections: number;
      readonly loop: ClosedLoop;
    }
  | {
      readonly kind: 'open';
      readonly address: Address;
      readonly streams: readonly StreamOrder[];
      readonly loop: OpenLoop;
    };

/** Operations of one kind in an open loop. */
export interface StreamOrder {
  readonly work: Work;
  readonly connections: number;
  readonly perSecond: number;
}

/** The results, by the kind of order. */
export interface Findings {
  readonly fill: object;
  readonly closed: ClosedLoopFindings;
  readonly open: OpenLoopFindings;
}

/** The result of an order: findings, or what went wrong. */
export type Outcome<Kind extends Order['kind']> =
  | (Findings[Kind] & { readonly busy: number; readonly failure?: undefined })
  | { readonly failure: string };
