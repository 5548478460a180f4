import { setTimeout as sleep } from 'node:timers/promises';
import { endpoint } from '../../../endpoint.js';
import { reasonOf } from '../../../system-error.js';
import type { Connection, NodeAddress } from './connection.js';
import type { Request } from './request.js';
import { RequestBytes } from './request-bytes.js';

/** How long to wait before another attempt to connect, in ms: at first, and at most. */
const SHORTEST_PAUSE = 50;
const LONGEST_PAUSE = 1000;

export interface PrimaryListener {
  /** The primary accepts requests. */
  onReady(primary: Primary): void;
  /** `failure` has changed. */
  onFailure(primary: Primary): void;
}

/** A primary that requests are sent to. It keeps itself connected. */
export class Primary {
  readonly host: string;
  readonly port: number;
  /** The result of the first attempt to connect. @throws Error (rejects) why it failed. */
  readonly firstAttempt: Promise<void>;
  /** Encodes what is sent to it. */
  readonly bytes = new RequestBytes();
  readonly #open: (address: NodeAddress) => Promise<Connection>;
  readonly #prepare: (connection: Connection) => Promise<void>;
  readonly #listener: PrimaryListener;
  readonly #wait: boolean;
  readonly #closing = new AbortController();
  #connection: Connection | undefined;
  #preparing: Promise<void> | undefined;
  /** Requests that are sent at the end of the turn. */
  #queue: Request[] = [];
  #failure: string | undefined = 'not connected yet';

  /**
   * @param open Connects to it.
   * @param prepare Checks that it can be used, and loads the library of functions.
   * @param wait Whether writes wait for replicas.
   */
  constructor(
    { host, port }: NodeAddress,
    open: (address: NodeAddress) => Promise<Connection>,
    prepare: (connection: Connection) => Promise<void>,
    wait: boolean,
    listener: PrimaryListener,
  ) {
    this.host = host;
    this.port = port;
    this.#open = open;
    this.#prepare = prepare;
    this.#wait = wait;
    this.#listener = listener;
    this.firstAttempt = this.#connect();
    this.firstAttempt.catch(() => this.#keepConnecting());
  }

  get address(): string {
    return endpoint(this.host, this.port);
  }

  /** Why it cannot serve now, in one line. */
  get failure(): string | undefined {
    return this.#failure;
  }

  set failure(failure: string | undefined) {
    if (failure === this.#failure) return;
    this.#failure = failure;
    this.#listener.onFailure(this);
  }

  /** The connection, if it has one. */
  get connection(): Connection | undefined {
    return this.#connection;
  }

  async #connect(): Promise<void> {
    try {
      const connection = await this.#open(this);
      await this.#prepare(connection).catch((error) => {
        connection.close();
        throw error;
      });
      this.#use(connection);
    } catch (error) {
      this.failure = reasonOf(error);
      throw error;
    }
  }

  /** Tries to connect until it succeeds. */
  async #keepConnecting(): Promise<void> {
    for (let pause = SHORTEST_PAUSE; ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
      // Processes that have lost it at the same time should not all come back at the same time.
      await sleep(pause * (0.5 + Math.random()), undefined, this.#closing).catch(() => {});
      if (this.#closing.signal.aborted) return;
      const isConnected = await this.#connect().then(
        () => true,
        () => false,
      );
      if (isConnected) return;
    }
  }

  #use(connection: Connection): void {
    if (connection.hasEnded) throw new Error('the connection was closed');
    if (this.#closing.signal.aborted) {
      connection.close();
      return;
    }
    this.#connection = connection;
    connection.onEnd = (reason) => this.#disconnected(reason);
    connection.onAnswered = () => this.#answered(connection);
    this.failure = undefined;
    this.#listener.onReady(this);
  }

  #disconnected(reason: string): void {
    this.#connection = undefined;
    this.failure = reason;
    this.#giveBack();
    if (!this.#closing.signal.aborted) void this.#keepConnecting();
  }

  #giveBack(): void {
    for (const request of this.#queue.splice(0)) request.giveBack();
  }

  /** Sends a request at the end of this turn of the event loop, together with others. Gives it back if it cannot. */
  send(request: Request): void {
    this.#queue.push(request);
    if (this.#queue.length === 1) setImmediate(this.#flush);
  }

  readonly #flush = (): void => {
    if (this.#queue.length === 0) return;
    const connection = this.#connection;
    if (connection === undefined) {
      this.#giveBack();
      return;
    }
    // While writes wait for replicas, their connection runs nothing else. Requests that are sent together wait once.
    if (this.#wait && connection.isBusy) return;
    const queue = this.#queue;
    this.#queue = [];
    connection.send(queue);
  };

  #answered(connection: Connection): void {
    if (this.#wait) this.#flush();
    if (this.#closing.signal.aborted && !connection.isBusy) connection.close();
  }

  /** Prepares it again, because it has lost the library. */
  async prepareAgain(): Promise<void> {
    const connection = this.#connection;
    if (connection === undefined) return;
    this.#preparing ??= this.#prepare(connection).finally(() => {
      this.#preparing = undefined;
    });
    await this.#preparing.catch((error) => connection.close(reasonOf(error)));
  }

  /** Stops using it. Requests on their way are still answered, or lost when their time is up. */
  retire(): void {
    this.#closing.abort();
    this.#giveBack();
    if (this.#connection?.isBusy === false) this.#connection.close();
  }

  /** Closes it at once. What is on its way is lost. */
  close(): void {
    this.retire();
    this.#connection?.close();
  }
}
