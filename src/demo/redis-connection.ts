import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import RedisParser from 'redis-parser';

/** What the server answers. */
export type Reply = string | number | null | readonly Reply[];

/** The server has answered with an error. */
export class ReplyError extends Error {}

/** There is no connection any more. */
export class ConnectionClosed extends Error {}

interface Waiting {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
}

/** A small Redis client: commands, replies in order, and messages of channels. */
export class RedisConnection {
  readonly #socket: Socket;
  /** The commands that are not answered yet, in order. */
  readonly #waiting: Waiting[] = [];
  readonly #parser = new RedisParser({
    returnReply: (reply: Reply) => this.#answer(reply),
    returnError: ({ message }: Error) => this.#waiting.shift()?.reject(new ReplyError(message)),
    returnFatalError: (error: Error) => this.#socket.destroy(error),
  });
  #onMessage: (message: string) => void = () => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (bytes) => this.#parser.execute(bytes));
    // 'close' follows.
    socket.on('error', () => {});
    socket.once('close', () => {
      for (const { reject } of this.#waiting.splice(0)) reject(new ConnectionClosed());
    });
  }

  /** Connects to a port of this machine, under a name that CLIENT LIST shows. */
  static async open(port: number, name: string): Promise<RedisConnection> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    await once(socket, 'connect');
    const connection = new RedisConnection(socket);
    await connection.call('CLIENT', 'SETNAME', name);
    return connection;
  }

  /**
   * Sends a command and returns the reply.
   * @throws ReplyError if the reply is an error; ConnectionClosed if there is no connection any more.
   */
  call(...words: (string | number)[]): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) {
        reject(new ConnectionClosed());
        return;
      }
      this.#waiting.push({ resolve, reject });
      const parts = words.map((word) => `$${Buffer.byteLength(String(word))}\r\n${word}\r\n`);
      this.#socket.write(`*${words.length}\r\n${parts.join('')}`);
    });
  }

  /** Subscribes to a channel. After that, it can only be closed. */
  async subscribe(channel: string, onMessage: (message: string) => void): Promise<void> {
    this.#onMessage = onMessage;
    await this.call('SUBSCRIBE', channel);
  }

  close(): void {
    this.#socket.destroy();
  }

  #answer(reply: Reply): void {
    if (Array.isArray(reply) && reply[0] === 'message') this.#onMessage(String(reply[2]));
    else this.#waiting.shift()?.resolve(reply);
  }
}
