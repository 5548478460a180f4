/** Somebody who listens to channels. */
export interface Subscriber {
  readonly channels: Set<string>;
  readonly patterns: Set<string>;
  /** How many of both it listens to. */
  readonly subscriptions: number;
  /** Bytes of memory that they take, kept by `PubSub`. */
  subscriptionBytes: number;
  /** @param pattern The pattern that matched the channel, if it came that way. Texts have one character per byte. */
  message(channel: string, message: string | Buffer, pattern?: string): void;
}

/** Channels and who listens to them. Channels and patterns are texts with one character per byte. */
export interface PubSub {
  subscribe(subscriber: Subscriber, channel: string): void;
  unsubscribe(subscriber: Subscriber, channel: string): void;
  subscribePattern(subscriber: Subscriber, pattern: string): void;
  unsubscribePattern(subscriber: Subscriber, pattern: string): void;
  /** Publishes a message. Returns how many got it or, if there are many subscribers or patterns, a generator that publishes it in steps and returns that. */
  publishing(channel: string, message: string | Buffer): number | Generator<void, number>;
  /** The publication in steps that is under way, which the next one waits for; undefined if there is none. */
  underWay: Promise<void> | undefined;
  /** Channels that somebody subscribes to. */
  channels(): Iterable<string>;
  /** How many subscribe to the channel itself. */
  subscribers(channel: string): number;
  /** How many patterns are subscribed to. */
  readonly patternCount: number;
  readonly channelCount: number;
}
