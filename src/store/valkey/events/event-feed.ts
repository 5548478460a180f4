import type { Clock } from '../../../engine/index.js';
import type { Nodes, Subscription } from '../nodes/nodes.js';
import { OutboxFollower } from './outbox-follower.js';

/** How often each outbox is checked, in ms, in case a message was lost unnoticed. */
const CHECK_MS = 5000;
/** How often some of the outboxes are checked, in ms, so that not all are checked at the same time. */
const STEP_MS = 100;

export interface EventFeedOptions {
  readonly nodes: Nodes;
  /** How many partitions the store has. */
  readonly partitions: number;
  readonly clock: Clock;
  /** Called with the payload of each event. */
  readonly onEvent: (payload: Buffer) => void;
  /** Called for an error that is a bug. */
  readonly onFault: (fault: unknown) => void;
}

interface Following {
  readonly outboxes: readonly OutboxFollower[];
  readonly subscription: Subscription;
  /** Resolves when every later event will be passed on. */
  readonly ready: Promise<void>;
  /** The next outbox to look at. */
  next: number;
  cancelCheck: () => void;
}

/**
 * Passes on the events of the store's sessions. Each event is passed on once, and those of one partition in order. This
 * costs nothing while there are no subscribers.
 */
export class EventFeed {
  readonly #options: EventFeedOptions;
  #following: Following | undefined;

  constructor(options: EventFeedOptions) {
    this.#options = options;
  }

  /**
   * Starts or stops passing on events.
   * @returns A promise that resolves when every later event will be passed on. If the store does not answer, it
   *   resolves anyway, and the store is asked again. Never rejects.
   */
  follow(wanted: boolean): Promise<void> {
    if (wanted) {
      this.#following ??= this.#begin();
      return this.#following.ready;
    }
    this.#end();
    return Promise.resolve();
  }

  /** Stops for good. */
  stop(): void {
    this.#end();
  }

  #begin(): Following {
    const numbers = Array.from({ length: this.#options.partitions }, (_, number) => number);
    const outboxes = numbers.map((number) => new OutboxFollower(number, this.#options));
    // The first call notes where each outbox ends now. Everything after that is passed on, however long subscribing
    // takes.
    const ready = Promise.all(outboxes.map((outbox) => outbox.begin())).then(() => {});
    const subscription = this.#options.nodes.subscribe('events', numbers, {
      onMessage: (number, message) => outboxes[number].received(message),
      onStart: (number) => outboxes[number].started(),
    });
    const following = { outboxes, subscription, ready, next: 0, cancelCheck: () => {} };
    this.#checkLater(following);
    return following;
  }

  #end(): void {
    const following = this.#following;
    if (following === undefined) return;
    this.#following = undefined;
    following.cancelCheck();
    following.subscription.close();
    for (const outbox of following.outboxes) outbox.close();
  }

  #checkLater(following: Following): void {
    following.cancelCheck = this.#options.clock.after(STEP_MS, () => {
      const { outboxes } = following;
      for (let left = Math.ceil((outboxes.length * STEP_MS) / CHECK_MS); left > 0; left--) {
        outboxes[following.next].check();
        following.next = (following.next + 1) % outboxes.length;
      }
      this.#checkLater(following);
    });
  }
}
