import type { Exchange } from './ask.js';
import { Child } from './child.js';

/** The first message to the process. */
export interface SubscriberOrder {
  readonly port: number;
  readonly subscription: Exchange;
  /** For how many sessions there will be events. */
  readonly sessions: number;
}

/** What the subscriber received, by session. */
export interface Received {
  /** When the session's first event arrived, in ms of `now()`; 0 if none did. */
  readonly arrivals: Float64Array;
  /** How many events of the session arrived, up to 255. */
  readonly counts: Uint8Array;
}

/**
 * A subscriber to the events of all sessions, in a separate process. An event has arrived when that process reads it.
 */
export class Subscriber {
  readonly #child: Child;
  #arrived = 0;

  /** Resolves when the server has confirmed the subscription. */
  static async start(order: SubscriberOrder): Promise<Subscriber> {
    return new Subscriber(await Child.start('./subscriber-process.ts', order));
  }

  private constructor(child: Child) {
    this.#child = child;
    child.onMessage((message) => {
      if (typeof message === 'number') this.#arrived = message;
    });
  }

  /** Rejects if the process ends. */
  get failure(): Promise<never> {
    return this.#child.failure;
  }

  /** For how many sessions the event has arrived, as of at most about 50 ms ago. */
  get arrived(): number {
    return this.#arrived;
  }

  /** Returns what has been received so far. Later events are ignored. */
  async end(): Promise<Received> {
    this.#child.post('end');
    for (;;) {
      const message = await this.#child.message();
      if (typeof message !== 'number') return message as Received;
    }
  }

  stop(): void {
    this.#child.stop();
  }
}
