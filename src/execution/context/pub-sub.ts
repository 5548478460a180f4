/** A client that can subscribe to channels. */
export interface Subscriber {
  readonly channels: Set<string>;
  readonly patterns: Set<string>;
  readonly shardChannels: Set<string>;
  /** The number of channels, patterns and shard channels together. */
  readonly subscriptions: number;
  /** Their memory in bytes, kept up to date by `PubSub`. */
  subscriptionBytes: number;
  /**
   * Sends it a message.
   * @param pattern The pattern that matched the channel, if one did. Texts have one character per byte.
   */
  message(channel: string, message: string | Buffer, pattern?: string): void;
  /** Sends it a message on a shard channel. */
  shardMessage(channel: string, message: string | Buffer): void;
}

/** Channels and their subscribers. Channels and patterns are texts with one character per byte. */
export interface PubSub {
  subscribe(subscriber: Subscriber, channel: string): void;
  unsubscribe(subscriber: Subscriber, channel: string): void;
  subscribePattern(subscriber: Subscriber, pattern: string): void;
  unsubscribePattern(subscriber: Subscriber, pattern: string): void;
  subscribeShard(subscriber: Subscriber, channel: string): void;
  unsubscribeShard(subscriber: Subscriber, channel: string): void;
  /** Like `publishing`, on a shard channel. */
  publishingShard(channel: string, message: string | Buffer): number | Generator<void, number>;
  /** The shard channels that have subscribers. */
  shardChannels(): Iterable<string>;
  shardSubscribers(channel: string): number;
  /**
   * Publishes a message. Returns the number of receivers or, if there are many subscribers or patterns, a generator
   * that publishes in steps and then returns that number.
   */
  publishing(channel: string, message: string | Buffer): number | Generator<void, number>;
  /** The current publication in steps, which the next one has to wait for; undefined if there is none. */
  underWay: Promise<void> | undefined;
  /** The channels that have subscribers. */
  channels(): Iterable<string>;
  /** The number of subscribers of the channel, not counting patterns. */
  subscribers(channel: string): number;
  /** The number of patterns that have subscribers. */
  readonly patternCount: number;
  readonly channelCount: number;
  /** The number of messages passed to subscribers since the start: one for each subscriber and subscription. */
  readonly delivered: number;
}
