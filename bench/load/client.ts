import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { ReplyScanner } from './reply-scanner.js';

/** Receives the events of a client. */
export interface ClientListener {
  /** This many more operations are answered. Their replies were read at `time`, in ms of `performance.now()`. */
  answered(operations: number, time: number): void;
  /** A reply is wrong, or the connection has ended. */
  failed(error: Error): void;
}

/** One connection. A raw socket, because a client library's own work would be measured too. */
export class Client {
  readonly #socket: Socket;
  #scanner = new ReplyScanner([]);
  #listener: ClientListener = { answered() {}, failed() {} };

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
    socket.on('error', (error) => this.#listener.failed(error));
    socket.on('close', () => this.#listener.failed(new Error('the server closed a connection')));
  }

  /** @param replies The first lines of the replies to each operation, see `ReplyScanner`. */
  listen(replies: readonly string[], listener: ClientListener): void {
    this.#scanner = new ReplyScanner(replies);
    this.#listener = listener;
  }

  send(requests: Buffer): void {
    this.#socket.write(requests);
  }

  close(): void {
    this.#listener = { answered() {}, failed() {} };
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    const time = performance.now();
    try {
      const operations = this.#scanner.push(chunk);
      if (operations > 0) this.#listener.answered(operations, time);
    } catch (error) {
      this.#listener.failed(error as Error);
    }
  }
}
