import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { encode } from '../soak/link.js';
import { type Reply, ReplyReader } from './replies.js';

/** A connection to the victim. It may end at any instant. */
export class Link {
  readonly #socket: Socket;
  readonly #reader = new ReplyReader();
  #waiting: ((reply: Reply) => void)[] = [];
  #onEnd: () => void = () => {};
  /** Resolves when it has ended. */
  readonly ended: Promise<void>;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      this.#reader.push(chunk);
      for (let reply = this.#reader.next(); reply !== undefined; reply = this.#reader.next()) {
        const [next] = this.#waiting.splice(0, 1);
        next(reply);
      }
    });
    this.ended = new Promise((resolve) => {
      socket.once('close', () => {
        this.#onEnd();
        resolve();
      });
    });
  }

  static async open(port: number): Promise<Link> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const link = new Link(socket);
    await once(socket, 'connect');
    return link;
  }

  /** Sends requests in one write. @param onReply Called with the reply of each, as far as they come. */
  send(requests: readonly (readonly string[])[], onReply: (reply: Reply, index: number) => void): void {
    requests.forEach((_, index) => {
      this.#waiting.push((reply) => onReply(reply, index));
    });
    this.#socket.write(requests.map(encode).join(''), 'latin1');
  }

  /** Sends requests and waits for all replies. @throws Error if the connection ends before. */
  ask(requests: readonly (readonly string[])[]): Promise<Reply[]> {
    return new Promise((resolve, reject) => {
      const replies: Reply[] = [];
      if (requests.length === 0) resolve(replies);
      this.#onEnd = () => reject(new Error('the server ended a connection'));
      this.send(requests, (reply) => {
        replies.push(reply);
        if (replies.length === requests.length) resolve(replies);
      });
    });
  }

  close(): void {
    this.#socket.destroy();
  }
}
