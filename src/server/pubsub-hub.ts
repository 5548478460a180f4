import type { PubSub, Subscriber } from '../commands/context.js';
import { globMatcher } from '../commands/glob.js';

interface Pattern {
  readonly matches: (channel: string) => boolean;
  readonly subscribers: Set<Subscriber>;
}

/** Channels and patterns, and who listens to them. */
export class PubSubHub implements PubSub {
  readonly #channels = new Map<string, Set<Subscriber>>();
  readonly #patterns = new Map<string, Pattern>();

  subscribe(subscriber: Subscriber, channel: string): void {
    subscriber.channels.add(channel);
    const subscribers = this.#channels.get(channel);
    if (subscribers === undefined) this.#channels.set(channel, new Set([subscriber]));
    else subscribers.add(subscriber);
  }

  unsubscribe(subscriber: Subscriber, channel: string): void {
    if (!subscriber.channels.delete(channel)) return;
    const subscribers = this.#channels.get(channel);
    subscribers?.delete(subscriber);
    if (subscribers?.size === 0) this.#channels.delete(channel);
  }

  subscribePattern(subscriber: Subscriber, pattern: string): void {
    subscriber.patterns.add(pattern);
    const known = this.#patterns.get(pattern);
    if (known === undefined) {
      this.#patterns.set(pattern, { matches: globMatcher(pattern), subscribers: new Set([subscriber]) });
    } else {
      known.subscribers.add(subscriber);
    }
  }

  unsubscribePattern(subscriber: Subscriber, pattern: string): void {
    if (!subscriber.patterns.delete(pattern)) return;
    const known = this.#patterns.get(pattern);
    known?.subscribers.delete(subscriber);
    if (known?.subscribers.size === 0) this.#patterns.delete(pattern);
  }

  /** Ends all subscriptions of one who goes. */
  remove(subscriber: Subscriber): void {
    for (const channel of subscriber.channels) this.unsubscribe(subscriber, channel);
    for (const pattern of subscriber.patterns) this.unsubscribePattern(subscriber, pattern);
  }

  publish(channel: string, message: string | Buffer): number {
    let receivers = 0;
    for (const subscriber of this.#channels.get(channel) ?? []) {
      subscriber.message(channel, message);
      receivers++;
    }
    for (const [pattern, { matches, subscribers }] of this.#patterns) {
      if (!matches(channel)) continue;
      for (const subscriber of subscribers) {
        subscriber.message(channel, message, pattern);
        receivers++;
      }
    }
    return receivers;
  }

  /** Whether nobody listens to anything. */
  get silent(): boolean {
    return this.#channels.size === 0 && this.#patterns.size === 0;
  }

  /** Whether a message on the channel would get to somebody. */
  isHeard(channel: string): boolean {
    if (this.#channels.has(channel)) return true;
    for (const { matches } of this.#patterns.values()) if (matches(channel)) return true;
    return false;
  }

  channels(): Iterable<string> {
    return this.#channels.keys();
  }

  subscribers(channel: string): number {
    return this.#channels.get(channel)?.size ?? 0;
  }

  get channelCount(): number {
    return this.#channels.size;
  }

  get patternCount(): number {
    return this.#patterns.size;
  }
}
