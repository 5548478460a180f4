import { isSessionChannel, spellsOutSessions } from '../commands/pubsub/session-channels.js';
import type { PubSub, Subscriber } from '../execution/context/pub-sub.js';
import { SHARED_FROM } from './output.js';
import { memoryOfPattern, PatternTable } from './pattern-table.js';

/** How many subscribed channels and patterns may match channels with a prefix. */
export interface Audience {
  readonly prefix: string;
  readonly size: number;
}

/** Approximate bytes of a subscription besides its text, measured as heap growth with 100,000 different channels. */
const CHANNEL_BYTES = 250;

/** Patterns tried, or messages sent, between two points where publishing may pause. */
const BATCH = 16;

/** Subscriptions removed between two points where removing may pause. */
const REMOVALS = 128;

type CountedAudience = { -readonly [Key in keyof Audience]: Audience[Key] };

/**
 * Channels and patterns, and their subscribers. Patterns for session channels are kept separately
 * (`spellsOutSessions`).
 */
export class PubSubHub implements PubSub {
  readonly #channels = new Map<string, Set<Subscriber>>();
  /** Channels of SSUBSCRIBE. Nothing else reaches their subscribers. */
  readonly #shardChannels = new Map<string, Set<Subscriber>>();
  readonly #patterns = new PatternTable();
  readonly #sessionPatterns = new PatternTable();
  underWay: Promise<void> | undefined;
  #delivered = 0;
  /** The audiences of session channels, and those of other channels. */
  readonly #audiences = { session: [] as CountedAudience[], other: [] as CountedAudience[] };
  #onSessionSubscriptions: (change: 1 | -1) => void = () => {};

  subscribe(subscriber: Subscriber, channel: string): void {
    if (subscriber.channels.has(channel)) return;
    subscriber.channels.add(channel);
    subscriber.subscriptionBytes += CHANNEL_BYTES + channel.length;
    const subscribers = this.#channels.get(channel);
    if (subscribers === undefined) {
      this.#channels.set(channel, new Set([subscriber]));
      this.#countChannel(channel, 1);
    } else {
      subscribers.add(subscriber);
    }
  }

  unsubscribe(subscriber: Subscriber, channel: string): void {
    if (!subscriber.channels.delete(channel)) return;
    subscriber.subscriptionBytes -= CHANNEL_BYTES + channel.length;
    const subscribers = this.#channels.get(channel);
    subscribers?.delete(subscriber);
    if (subscribers?.size !== 0) return;
    this.#channels.delete(channel);
    this.#countChannel(channel, -1);
  }

  subscribeShard(subscriber: Subscriber, channel: string): void {
    if (subscriber.shardChannels.has(channel)) return;
    subscriber.shardChannels.add(channel);
    subscriber.subscriptionBytes += CHANNEL_BYTES + channel.length;
    const subscribers = this.#shardChannels.get(channel);
    if (subscribers === undefined) this.#shardChannels.set(channel, new Set([subscriber]));
    else subscribers.add(subscriber);
  }

  unsubscribeShard(subscriber: Subscriber, channel: string): void {
    if (!subscriber.shardChannels.delete(channel)) return;
    subscriber.subscriptionBytes -= CHANNEL_BYTES + channel.length;
    const subscribers = this.#shardChannels.get(channel);
    subscribers?.delete(subscriber);
    if (subscribers?.size === 0) this.#shardChannels.delete(channel);
  }

  subscribePattern(subscriber: Subscriber, pattern: string): void {
    if (subscriber.patterns.has(pattern)) return;
    const patterns = this.#patternsLike(pattern);
    let known = patterns.get(pattern);
    if (known === undefined) {
      known = patterns.add(pattern);
      this.#countPattern(pattern, 1);
    }
    known.subscribers.add(subscriber);
    subscriber.patterns.add(pattern);
    subscriber.subscriptionBytes += memoryOfPattern(pattern);
  }

  unsubscribePattern(subscriber: Subscriber, pattern: string): void {
    if (!subscriber.patterns.delete(pattern)) return;
    subscriber.subscriptionBytes -= memoryOfPattern(pattern);
    const patterns = this.#patternsLike(pattern);
    const known = patterns.get(pattern);
    known?.subscribers.delete(subscriber);
    if (known?.subscribers.size !== 0) return;
    patterns.remove(known);
    this.#countPattern(pattern, -1);
  }

  /** Ends all subscriptions of a subscriber. */
  remove(subscriber: Subscriber): void {
    while (!this.removing(subscriber).next().done);
  }

  /** Like `remove`, in steps of a fraction of a millisecond. */
  *removing(subscriber: Subscriber): Generator<void> {
    let removed = 0;
    for (const channel of subscriber.channels) {
      this.unsubscribe(subscriber, channel);
      if (++removed % REMOVALS === 0) yield;
    }
    for (const channel of subscriber.shardChannels) {
      this.unsubscribeShard(subscriber, channel);
      if (++removed % REMOVALS === 0) yield;
    }
    for (const pattern of subscriber.patterns) {
      this.unsubscribePattern(subscriber, pattern);
      if (++removed % REMOVALS === 0) yield;
    }
  }

  publish(channel: string, message: string | Buffer): number {
    return this.publishIfSubscribed(channel, () => owned(message));
  }

  /**
   * Like `publish`, but creates the message only if there is a subscriber. A Buffer of more than `SHARED_FROM` bytes
   * must not change afterwards.
   */
  publishIfSubscribed(channel: string, make: () => string | Buffer): number {
    let message: string | Buffer | undefined;
    let receivers = 0;
    for (const subscriber of this.#subscribersOf(channel)) {
      message ??= make();
      subscriber.message(channel, message);
      receivers++;
    }
    for (const patterns of this.#patternsFor(channel).near(channel)) {
      for (const { text, matches, subscribers } of patterns) {
        if (!matches(channel)) continue;
        message ??= make();
        for (const subscriber of subscribers) {
          subscriber.message(channel, message, text);
          receivers++;
        }
      }
    }
    this.#delivered += receivers;
    return receivers;
  }

  publishing(channel: string, message: string | Buffer): number | Generator<void, number> {
    const few = this.#patternsFor(channel).size <= BATCH && this.subscribers(channel) <= BATCH;
    return few ? this.publish(channel, message) : this.#publishInSteps(channel, message);
  }

  publishingShard(channel: string, message: string | Buffer): number | Generator<void, number> {
    const isMany = this.shardSubscribers(channel) > BATCH;
    // In steps, it outlives the request that it came with.
    const kept = isMany && typeof message !== 'string' ? Buffer.from(message) : owned(message);
    const steps = this.#publishShard(channel, kept);
    return isMany ? steps : (steps.next().value ?? 0);
  }

  *#publishShard(channel: string, message: string | Buffer): Generator<void, number> {
    let receivers = 0;
    for (const subscriber of this.#shardChannels.get(channel) ?? []) {
      if (receivers > 0 && receivers % BATCH === 0) yield;
      subscriber.shardMessage(channel, message);
      this.#delivered++;
      receivers++;
    }
    return receivers;
  }

  *#publishInSteps(channel: string, given: string | Buffer): Generator<void, number> {
    const message = typeof given === 'string' ? given : Buffer.from(given);
    let receivers = 0;
    for (const subscriber of this.#subscribersOf(channel)) {
      subscriber.message(channel, message);
      this.#delivered++;
      if (++receivers % BATCH === 0) yield;
    }
    let tried = 0;
    for (const patterns of this.#patternsFor(channel).near(channel)) {
      for (const { text, matches, subscribers } of patterns) {
        if (++tried % BATCH === 0) yield;
        if (!matches(channel)) continue;
        for (const subscriber of subscribers) {
          subscriber.message(channel, message, text);
          this.#delivered++;
          if (++receivers % BATCH === 0) yield;
        }
      }
    }
    return receivers;
  }

  #subscribersOf(channel: string): Iterable<Subscriber> {
    // A look-up would first have to hash the channel's name, which has only just been built.
    return this.#channels.size === 0 ? [] : (this.#channels.get(channel) ?? []);
  }

  /** Returns the audience of a prefix. It is kept up to date, so call this once. */
  audience(prefix: string): Audience {
    const audience = { prefix, size: 0 };
    this.#audiencesOf(isSessionChannel(prefix)).push(audience);
    return audience;
  }

  /** Calls a function for each channel or pattern of sessions that gets its first subscriber or loses its last one. */
  onSessionSubscriptions(listener: (change: 1 | -1) => void): void {
    this.#onSessionSubscriptions = listener;
  }

  #countChannel(channel: string, change: 1 | -1): void {
    if (isSessionChannel(channel)) this.#onSessionSubscriptions(change);
    for (const audience of this.#audiencesOf(isSessionChannel(channel))) {
      if (channel.startsWith(audience.prefix)) audience.size += change;
    }
  }

  #countPattern(pattern: string, change: 1 | -1): void {
    if (spellsOutSessions(pattern)) this.#onSessionSubscriptions(change);
    const [literal] = pattern.split(/[*?[\\]/, 1);
    for (const audience of this.#audiencesOf(spellsOutSessions(pattern))) {
      if (mayMatch(pattern, literal, audience.prefix)) audience.size += change;
    }
  }

  #audiencesOf(session: boolean): CountedAudience[] {
    return session ? this.#audiences.session : this.#audiences.other;
  }

  /** Returns the table of the patterns that may match a channel. */
  #patternsFor(channel: string): PatternTable {
    return isSessionChannel(channel) ? this.#sessionPatterns : this.#patterns;
  }

  /** Returns the table to which a pattern belongs. */
  #patternsLike(pattern: string): PatternTable {
    return spellsOutSessions(pattern) ? this.#sessionPatterns : this.#patterns;
  }

  shardChannels(): Iterable<string> {
    return this.#shardChannels.keys();
  }

  shardSubscribers(channel: string): number {
    return this.#shardChannels.get(channel)?.size ?? 0;
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

  get delivered(): number {
    return this.#delivered;
  }

  get patternCount(): number {
    return this.#patterns.size + this.#sessionPatterns.size;
  }
}

/**
 * Returns a message that outlives the request it came with: one copy for all subscribers. A short message is copied for
 * each of them anyway.
 */
function owned(message: string | Buffer): string | Buffer {
  return typeof message === 'string' || message.length <= SHARED_FROM ? message : Buffer.from(message);
}

/** Whether a pattern may match a channel with this prefix, judging by its text before the first special character. */
function mayMatch(pattern: string, literal: string, prefix: string): boolean {
  return literal === pattern ? literal.startsWith(prefix) : literal.startsWith(prefix) || prefix.startsWith(literal);
}
