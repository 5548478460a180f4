import type { Exchange } from './ask.js';
import { Child } from './child.js';

/** What its process is told first. */
export interface SubscriberOrder {
  readonly port: number;
  readonly subscription: Exchange;
  /** Of how many sessions there will be events. */
  readonly sessions: number;
}

/** What it has heard, by session. */
export interface Heard {
  /** When the session's event arrived first, in ms of `now()`; 0 if none did. */
  readonly arrivals: Float64Array;
  /** How many events of the session arrived, up to 255. */
  readonly counts: Uint8Array;
}

/** Who listens to the events of all sessions, in a process of its own: an event has arrived when it is read there. */
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

  /** Rejects if it can listen no more. */
  get failure(): Promise<never> {
    return this.#child.failure;
  }

  /** Of how many sessions the event has arrived, as of some hundredths of a second ago. */
  get arrived(): number {
    return this.#arrived;
  }

  /** Returns what was heard so far, and says no more of what comes. */
  async end(): Promise<Heard> {
    this.#child.post('end');
    for (;;) {
      const message = await this.#child.message();
      if (typeof message !== 'number') return message as Heard;
    }
  }

  stop(): void {
    this.#child.stop();
  }
}
