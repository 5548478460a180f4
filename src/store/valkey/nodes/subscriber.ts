import type { Redis } from 'ioredis';
import { reasonOf } from '../../../system-error.js';

export interface SubscriberListener {
  /** The subscription to a channel has begun. */
  onStart(channel: string): void;
  onMessage(channel: string, message: Buffer): void;
  /** The connection has ended, or the node has ended a subscription. There are no more messages. */
  onEnd(reason: string): void;
}

/** How long to wait between two pings, in ms. */
const PING_INTERVAL = 1000;

/** A connection to a node that receives messages, from when it is ready until it ends. */
export class Subscriber {
  readonly #redis: Redis;
  readonly #timeout: number;
  readonly #listener: SubscriberListener;
  readonly #pings: NodeJS.Timeout;
  /** When the unanswered ping was sent, in ms. */
  #askedAt: number | undefined;
  #ended = false;

  /** @param redis It has logged in. */
  constructor(redis: Redis, timeout: number, listener: SubscriberListener) {
    this.#redis = redis;
    this.#timeout = timeout;
    this.#listener = listener;
    redis.on('smessageBuffer', (channel: Buffer, message: Buffer) => {
      if (!this.#ended) listener.onMessage(channel.toString(), message);
    });
    // The node no longer has the slot of a channel. The event does not say which.
    redis.on('moved', () => this.#end('a partition has moved'));
    redis.on('end', () => this.#end('the connection was closed'));
    this.#pings = setInterval(() => this.#ping(), PING_INTERVAL);
  }

  /** Subscribes to a channel. If the node refuses, the connection ends. */
  add(channel: string): void {
    this.#redis.ssubscribe(channel).then(
      () => {
        if (!this.#ended) this.#listener.onStart(channel);
      },
      (error) => this.#end(reasonOf(error)),
    );
  }

  remove(channel: string): void {
    this.#redis.sunsubscribe(channel).catch((error) => this.#end(reasonOf(error)));
  }

  #ping(): void {
    const now = performance.now();
    if (this.#askedAt === undefined) {
      this.#askedAt = now;
      this.#redis.ping().then(
        () => {
          this.#askedAt = undefined;
        },
        (error) => this.#end(reasonOf(error)),
      );
    } else if (now - this.#askedAt >= this.#timeout + PING_INTERVAL) {
      this.#end(`no answer within ${this.#timeout} ms`);
    }
  }

  #end(reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    clearInterval(this.#pings);
    this.#redis.disconnect();
    this.#listener.onEnd(reason);
  }

  /** Ends it without calling `onEnd`. */
  close(): void {
    this.#ended = true;
    clearInterval(this.#pings);
    this.#redis.disconnect();
  }
}
