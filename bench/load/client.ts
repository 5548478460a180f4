import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { ReplyScanner } from './reply-scanner.js';

/** Where a server listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Receives the events of a client. */
export interface ClientListener {
  /** This many more operations are answered. Their replies were read at `instant`, in ms of `performance.now()`. */
  answered(acts: number, instant: number): void;
  /** A reply is wrong, or the connection has ended. */
  failed(error: Error): void;
}

/** One connection. A raw socket, because a client library's own work would be measured too. */
export class Client {
  readonly #socket: Socket;
  #scanner = new ReplyScanner([]);
  #listener: ClientListener = { answered() {}, failed() {} };

  static async open(address: Address): Promise<Client> {
    const socket = connect({ ...address, noDelay: true });
    await once(socket, 'connect');
    return new Client(socket);
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
    const instant = performance.now();
    try {
      const acts = this.#scanner.push(chunk);
      if (acts > 0) this.#listener.answered(acts, instant);
    } catch (error) {
      this.#listener.failed(error as Error);
    }
  }
}
