import { connect as connectPlainly, type Socket } from 'node:net';
import { connect as connectSecurely } from 'node:tls';
import RedisParser from 'redis-parser';
import { endpoint } from '../../../endpoint.js';
import { reasonOf } from '../../../system-error.js';
import { Batch } from './batch.js';
import { NodeCommand } from './node-command.js';
import type { NodesOptions, Reply } from './nodes.js';
import type { Request } from './request.js';

export interface NodeAddress {
  readonly host: string;
  readonly port: number;
}

/** What is needed to connect to any node. */
export type Access = Pick<NodesOptions, 'tls' | 'timeout' | 'wait'>;

/** Large requests get more time: 1 ms for each 10,000 bytes on their way, which is enough at 80 Mbit/s. */
const BYTES_PER_MS = 10_000;

/** How many times in-flight requests are checked within their timeout. */
const CHECKS = 8;

/**
 * A connection to a node, from when it is ready until it ends. It does not reconnect, so no request is ever sent twice.
 *
 * It uses no client library, only a parser. What a library does for each request and reply takes longer than everything
 * else that respite does for a call (`bench/NOTES.md`).
 */
export class Connection {
  readonly address: string;
  /** Called once, when it has ended. */
  onEnd: (reason: string) => void = () => {};
  /** Called when all requests of a batch have been answered. */
  onAnswered: () => void = () => {};
  readonly #socket: Socket;
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

  private constructor(socket: Socket, address: string, access: Access) {
    this.#socket = socket;
    this.address = address;
    this.#access = access;
    const parser = new RedisParser({
      returnBuffers: true,
      returnReply: (reply) => this.#next()?.replied(reply as Reply),
      returnError: ({ message }) => this.#next()?.refused(message),
      returnFatalError: ({ message }) => this.close(message),
    });
    socket.on('data', (bytes) => parser.execute(bytes));
    this.#check = setInterval(() => this.#checkTimes(), access.timeout / CHECKS);
  }

  /** Connects to a node. @throws Error (rejects) with a message of one line that says why this failed. */
  static open(address: NodeAddress, access: Access): Promise<Connection> {
    const { timeout, tls } = access;
    return new Promise((resolve, reject) => {
      const socket = tls === undefined ? connectPlainly(address) : connectSecurely({ ...address, ...tls });
      let connection: Connection | undefined;
      let reason = 'the connection was closed';
      const timer = setTimeout(() => {
        reason = `no answer within ${timeout} ms`;
        socket.destroy();
      }, timeout);
      socket.once(tls === undefined ? 'connect' : 'secureConnect', () => {
        clearTimeout(timer);
        socket.setNoDelay(true);
        socket.setKeepAlive(true);
        connection = new Connection(socket, endpoint(address.host, address.port), access);
        resolve(connection);
      });
      socket.on('error', (error) => {
        reason = reasonOf(error);
      });
      socket.once('close', () => {
        clearTimeout(timer);
        reject(new Error(reason));
        if (connection !== undefined) connection.#end(reason);
      });
    });
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
    // The node has closed the connection. `#end` is about to be called.
    if (!this.#socket.writable) {
      for (const request of requests) request.giveBack();
      return;
    }
    const batch = new Batch(requests, () => this.#answered());
    const { wait, timeout } = this.#access;
    // What is left of the oldest request's time, less what the reply may need.
    if (wait > 0) batch.waitFor(wait, Math.max(1, Math.floor(batch.oldest + timeout * 0.75 - batch.sentAt)));
    this.#batches.push(batch);
    this.#bytesSent += batch.bytes;
    this.#socket.write(batch.encode());
  }

  /** Sends a single command. @throws Error (rejects) with the node's error, or the reason why there is no reply. */
  ask(...command: readonly (string | number)[]): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (this.#ended) reject(new Error('the connection was closed'));
      else this.send([new NodeCommand(command, resolve, reject)]);
    });
  }

  /** Ends it. What is on its way is lost. */
  close(reason = 'the connection was closed'): void {
    this.#socket.destroy();
    this.#end(reason);
  }

  #end(reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    clearInterval(this.#check);
    for (const batch of this.#batches.splice(0)) batch.lose(reason);
    this.onEnd(reason);
  }

  /** Returns the batch that gets the next reply. */
  #next(): Batch | undefined {
    const [batch] = this.#batches;
    if (batch === undefined && !this.#ended) this.close('it sent an unexpected reply');
    return batch;
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
    // If this process has not run for a while, replies may have arrived that only have to be read.
    const wasAsleep = now - this.#checkedAt > (3 * timeout) / CHECKS;
    this.#checkedAt = now;
    const { bytesRead } = this.#socket;
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
