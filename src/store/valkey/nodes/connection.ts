import type { Redis } from 'ioredis';
import { endpoint } from '../../../endpoint.js';
import { reasonOf } from '../../../system-error.js';
import type { NodesOptions, Reply } from '../nodes.js';
import { Batch } from './batch.js';
import type { ClientPackage } from './client-package.js';
import { NodeCommand } from './node-command.js';
import type { Request } from './request.js';

export interface NodeAddress {
  readonly host: string;
  readonly port: number;
}

/** What is needed to connect to any node. */
export type Access = Pick<NodesOptions, 'tls' | 'timeout' | 'wait'>;

/** Large requests get more time: a ms for each 10,000 bytes on their way, which is enough at 80 Mbit/s. */
const BYTES_PER_MS = 10_000;

/** In-flight requests are checked so many times within their timeout. */
const CHECKS = 8;

/**
 * A connection to a node, from when it is ready until it ends. It never reconnects, so ioredis never sends a
 * request twice.
 */
export class Connection {
  readonly address: string;
  /** Called once, when it has ended. */
  onEnd: (reason: string) => void = () => {};
  /** Called when all requests of a batch have been answered. */
  onAnswered: () => void = () => {};
  readonly #redis: Redis;
  readonly #access: Access;
  /** The batches on their way, oldest first. */
  readonly #batches: Batch[] = [];
  #check: NodeJS.Timeout | undefined;
  #checkedAt = performance.now();
  /** Bytes read when they were last checked. */
  #bytesRead = 0;
  /** Bytes of the requests on their way. */
  #bytesSent = 0;
  /** When a batch was last answered, in ms. */
  #heardAt = performance.now();
  #ended = false;

  private constructor(redis: Redis, address: string, access: Access) {
    this.#redis = redis;
    this.address = address;
    this.#access = access;
  }

  /** Connects to a node. @throws Error (rejects) with a message of one line that says why this failed. */
  static async open(client: ClientPackage, address: NodeAddress, access: Access): Promise<Connection> {
    const redis = new client.Redis(redisOptions(address, access));
    const connection = new Connection(redis, endpoint(address.host, address.port), access);
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
      redis.once('end', () => {
        reject(new Error(reason));
        connection.#end(reason);
      });
      redis.once('ready', () => clearTimeout(timer));
      redis.once('end', () => clearTimeout(timer));
    });
    if (connection.#ended) throw new Error('the connection was closed');
    connection.#check = setInterval(() => connection.#checkTimes(), access.timeout / CHECKS);
    return connection;
  }

  /** When a batch was last answered, in ms of `performance.now`. */
  get heardAt(): number {
    return this.#heardAt;
  }

  get hasEnded(): boolean {
    return this.#ended;
  }

  /** Whether a batch is on its way. */
  get isBusy(): boolean {
    return this.#batches.length > 0;
  }

  /** Sends requests in one write, in this order. */
  send(requests: readonly Request[]): void {
    const batch = new Batch(requests, () => this.#answered());
    const { wait, timeout } = this.#access;
    // What remains of the time of the oldest request, less what the reply may need.
    if (wait > 0) batch.waitFor(wait, Math.max(1, Math.floor(batch.oldest + timeout * 0.75 - batch.sentAt)));
    if (!batch.send(this.#redis)) return;
    this.#batches.push(batch);
    this.#bytesSent += batch.bytes;
  }

  /** Sends a command of its own. @throws Error (rejects) what the node answers, or why it did not. */
  ask(...command: readonly (string | number)[]): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (this.#ended) reject(new Error('the connection was closed'));
      else this.send([new NodeCommand(command, resolve, reject)]);
    });
  }

  /** Hands the ioredis client over, for a use other than requests. */
  handOver(): Redis {
    clearInterval(this.#check);
    return this.#redis;
  }

  /** Ends it. What is on its way is lost. */
  close(reason = 'the connection was closed'): void {
    this.#redis.disconnect();
    this.#end(reason);
  }

  #end(reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    clearInterval(this.#check);
    for (const batch of this.#batches.splice(0)) batch.lose(reason);
    this.onEnd(reason);
  }

  /** A batch has been answered, which is the oldest, because replies come in order. */
  #answered(): void {
    this.#heardAt = performance.now();
    this.#bytesSent -= this.#batches.shift()?.bytes ?? 0;
    this.onAnswered();
  }

  #checkTimes(): void {
    const now = performance.now();
    const { timeout } = this.#access;
    // If this process has not run for a while, the replies may be there and only have to be read.
    const wasAsleep = now - this.#checkedAt > (3 * timeout) / CHECKS;
    this.#checkedAt = now;
    const { bytesRead } = this.#redis.stream;
    // A reply of many MB arrives in parts.
    const isReading = bytesRead !== this.#bytesRead;
    this.#bytesRead = bytesRead;
    const [first] = this.#batches;
    if (wasAsleep || first === undefined) return;
    const longest = timeout + this.#bytesSent / BYTES_PER_MS;
    const reason = `no answer within ${Math.round(longest)} ms`;
    if (now - first.sentAt >= longest && !isReading) this.close(reason);
    else for (const batch of this.#batches) batch.loseBefore(now - longest, reason);
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
