import type { Redis } from 'ioredis';
import { reasonOf } from '../../../system-error.js';
import type { ClientPackage } from './client-package.js';
import type { Access, NodeAddress } from './connection.js';
import { MessageDecoder, type MessageListener } from './message-decoder.js';
import type { Reply } from './nodes.js';
import { RequestBytes } from './request-bytes.js';

export interface SubscriberListener {
  /** The subscription to a channel has begun. */
  onStart(channel: string): void;
  /** @param message A view of what was received. */
  onMessage(channel: string, message: Buffer): void;
  /** The connection has ended, or the node has ended a subscription. There are no more messages. */
  onEnd(reason: string): void;
}

/** How long to wait between two pings, in ms. */
const PING_INTERVAL = 1000;

/**
 * A connection to a node that receives messages, from when it is ready until it ends. ioredis makes the connection and
 * notices when it ends. What is sent and received is encoded and decoded here.
 */
export class Subscriber implements MessageListener {
  readonly #redis: Redis;
  readonly #timeout: number;
  readonly #listener: SubscriberListener;
  readonly #pings: NodeJS.Timeout;
  /** When the unanswered ping was sent, in ms. */
  #askedAt: number | undefined;
  /** The channels whose subscriptions are being ended. The node may end others by itself. */
  readonly #leaving = new Set<string>();
  #ended = false;

  /** @param redis It has logged in, and waits for no reply. */
  private constructor(redis: Redis, timeout: number, listener: SubscriberListener) {
    this.#redis = redis;
    this.#timeout = timeout;
    this.#listener = listener;
    const decoder = new MessageDecoder(this);
    redis.stream.removeAllListeners('data');
    redis.stream.on('data', (chunk: Buffer) => decoder.write(chunk));
    redis.on('end', () => this.#end('the connection was closed'));
    this.#pings = setInterval(() => this.#ping(), PING_INTERVAL);
  }

  /**
   * Connects to a node.
   * @param login Called before anything else, with a function that sends a command to the node.
   * @throws Error (rejects) with a message of one line that says why this failed.
   */
  static async open(
    client: ClientPackage,
    address: NodeAddress,
    access: Access,
    login: (ask: (command: string, ...args: readonly (string | number)[]) => Promise<Reply>) => Promise<void>,
    listener: SubscriberListener,
  ): Promise<Subscriber> {
    const redis = new client.Redis(redisOptions(address, access));
    await new Promise<void>((resolve, reject) => {
      let reason = 'the connection was closed';
      const timer = setTimeout(() => {
        reason = `no answer within ${access.timeout} ms`;
        redis.disconnect();
        reject(new Error(reason));
      }, access.timeout);
      redis.on('error', (error: Error) => {
        reason = reasonOf(error);
      });
      redis.once('ready', resolve);
      redis.once('end', () => reject(new Error(reason)));
      redis.once('ready', () => clearTimeout(timer));
      redis.once('end', () => clearTimeout(timer));
    });
    try {
      await login((command, ...args) => redis.callBuffer(command, ...args) as Promise<Reply>);
    } catch (error) {
      redis.disconnect();
      throw error;
    }
    return new Subscriber(redis, access.timeout, listener);
  }

  /** Subscribes to a channel. If the node refuses, the connection ends. */
  add(channel: string): void {
    this.#send('SSUBSCRIBE', channel);
  }

  remove(channel: string): void {
    this.#leaving.add(channel);
    this.#send('SUNSUBSCRIBE', channel);
  }

  #send(...command: readonly string[]): void {
    if (this.#ended) return;
    const encoder = new RequestBytes(0);
    encoder.append('', 0, command);
    this.#redis.stream.write(encoder.chunk.subarray(0, encoder.end));
  }

  // What the node sends.

  onMessage(channel: string, message: Buffer): void {
    if (!this.#ended) this.#listener.onMessage(channel, message);
  }

  onSubscribed(channel: string): void {
    if (!this.#ended) this.#listener.onStart(channel);
  }

  onUnsubscribed(channel: string): void {
    if (!this.#leaving.delete(channel)) this.#end('a partition has moved');
  }

  onPong(): void {
    this.#askedAt = undefined;
  }

  onError(reason: string): void {
    this.#end(reason);
  }

  #ping(): void {
    const now = performance.now();
    if (this.#askedAt === undefined) {
      this.#askedAt = now;
      this.#send('PING');
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

function redisOptions({ host, port }: NodeAddress, { tls, timeout }: Access) {
  return {
    host,
    port,
    ...(tls !== undefined && { tls }),
    protocol: 2 as const,
    connectTimeout: timeout,
    disconnectTimeout: timeout,
    // The owner of the connection decides what happens when it ends.
    retryStrategy: null,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    enableReadyCheck: false,
    disableClientInfo: true,
  };
}
