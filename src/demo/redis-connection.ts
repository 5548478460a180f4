import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { encodeRequest } from '../resp/encode-request.js';
import { type DecodedReply, ReplyDecoder, ReplyError } from '../resp/reply-decoder.js';

/** A reply whose strings are text. */
type Reply = string | number | null | readonly Reply[];

/** The connection has been closed. */
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
  #onMessage: (message: string) => void = () => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    const decoder = new ReplyDecoder((reply) => this.#receive(reply));
    socket.on('data', (bytes) => decoder.push(bytes));
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
   * @throws ReplyError if the reply is an error; ConnectionClosed if the connection has been closed.
   */
  call(...words: (string | number)[]): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) {
        reject(new ConnectionClosed());
        return;
      }
      this.#waiting.push({ resolve, reject });
      this.#socket.write(encodeRequest(words.map(String)));
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

  #receive(decoded: DecodedReply): void {
    if (decoded instanceof ReplyError) {
      this.#waiting.shift()?.reject(decoded);
      return;
    }
    const reply = textOf(decoded);
    if (Array.isArray(reply) && reply[0] === 'message') this.#onMessage(String(reply[2]));
    else this.#waiting.shift()?.resolve(reply);
  }
}

/** An error within an array becomes its message. */
function textOf(reply: DecodedReply): Reply {
  if (Buffer.isBuffer(reply)) return reply.toString();
  if (reply instanceof ReplyError) return reply.message;
  return Array.isArray(reply) ? reply.map(textOf) : (reply as number | null);
}
