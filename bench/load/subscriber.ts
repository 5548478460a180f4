import type { Dialect } from '../operations.js';
import type { Shape } from '../sessions.js';
import { Child } from './child.js';
import type { Latencies } from './latency-histogram.js';

/** The first message to the process. */
export interface SubscriberOrder {
  readonly port: number;
  readonly subscription: readonly string[];
  /** For how many sessions there will be events. */
  readonly sessions: number;
}

/** What the subscriber received. */
export interface Arrivals {
  /** From each session's deadline until its event arrived: until the subscriber's process read it. */
  readonly lateness: Latencies;
  /** Sessions whose event never arrived. */
  readonly missing: number;
  /** Events that arrived once more. */
  readonly twice: number;
}

const SUBSCRIPTIONS: Record<Dialect, readonly string[]> = {
  respite: ['PSUBSCRIBE', '__session__:expired:*'],
  redis: ['SUBSCRIBE', '__keyevent@0__:expired'],
};

/** A subscriber to the `expired` events of all sessions, in a separate process. */
export class Subscriber {
  readonly #child: Child;

  /** Resolves when the server has confirmed the subscription. */
  static async start(port: number, dialect: Dialect, sessions: number): Promise<Subscriber> {
    const child = await Child.start('./subscriber-process.ts');
    child.post({ port, subscription: SUBSCRIPTIONS[dialect], sessions } satisfies SubscriberOrder);
    await child.message();
    return new Subscriber(child);
  }

  private constructor(child: Child) {
    this.#child = child;
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Waits for the events of sessions of a shape with `due`, or until no more arrive after the last deadline. */
  async receive(shape: Shape): Promise<Arrivals> {
    this.#child.post(shape);
    return (await this.#child.message()) as Arrivals;
  }

  stop(): void {
    this.#child.stop();
  }
}
