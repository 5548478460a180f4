import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { ReplyScanner } from './reply-scanner.js';

/**
 * Called with the number of operations answered since the last call, and when their replies were read, in ms of
 * `performance.now()`.
 */
type Answered = (operations: number, time: number) => void;

/** One connection. A raw socket, because a client library's own work would be measured too. */
export class Client {
  readonly #socket: Socket;
  #scanner = new ReplyScanner([]);
  #answered: Answered = () => {};
  #failed: (error: Error) => void = () => {};

  /** Connects to a server on this machine. */
  static async open(port: number): Promise<Client> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    return new Client(socket);
  }

  static openMany(port: number, count: number): Promise<Client[]> {
    return Promise.all(Array.from({ length: count }, () => Client.open(port)));
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => this.#receive(chunk));
    socket.on('error', (error) => this.#failed(error));
    socket.on('close', () => this.#failed(new Error('the server closed a connection')));
  }

  /**
   * @param examples Correct replies to each operation that follows.
   * @param failed Called if a reply is wrong or the connection has ended.
   */
  listen(examples: readonly string[], answered: Answered, failed: (error: Error) => void): void {
    this.#scanner = new ReplyScanner(examples);
    this.#answered = answered;
    this.#failed = failed;
  }

  send(requests: Buffer): void {
    this.#socket.write(requests);
  }

  close(): void {
    this.#failed = () => {};
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    const time = performance.now();
    try {
      const operations = this.#scanner.push(chunk);
      if (operations > 0) this.#answered(operations, time);
    } catch (error) {
      this.#failed(error as Error);
    }
  }
}
