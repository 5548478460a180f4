import type { DialectName, Verb } from '../sessions/dialect.js';
import type { Shape } from '../sessions/shape.js';
import type { Address } from './client.js';
import type { ClosedLoop, ClosedLoopFindings } from './closed-loop.js';
import type { OpenLoop, OpenLoopFindings } from './open-loop.js';

/** Acts of one kind, and which sessions (or keys) they are for. */
export interface Work {
  readonly dialect: DialectName;
  readonly verb: Verb;
  readonly shape: Shape;
  /** The lowest number. */
  readonly first: number;
  /** How many numbers there are. */
  readonly count: number;
  /** At random, so many of them are used again and again; without it, each once, in order. */
  readonly sample?: number;
}

/** What the load generator is asked to do. */
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

/** Acts of one kind in an open loop. */
export interface StreamOrder {
  readonly work: Work;
  readonly connections: number;
  readonly perSecond: number;
}

/** What it found; by the kind of the order. */
export interface Findings {
  readonly fill: object;
  readonly closed: ClosedLoopFindings;
  readonly open: OpenLoopFindings;
}

/** What an order comes to: findings, or what went wrong. */
export type Outcome<Kind extends Order['kind']> =
  | (Findings[Kind] & { readonly busy: number; readonly failure?: undefined })
  | { readonly failure: string };
