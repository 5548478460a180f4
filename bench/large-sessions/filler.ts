import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import RedisParser from 'redis-parser';
import { encodeBulk } from '../expiry/ask.js';

/** The most bytes of requests that wait for their replies. */
const MOST_WAITING = 8e6;

/** A client that sends much data, without copying it, and no faster than it is answered. */
export class Filler {
  readonly #socket: Socket;
  readonly #waiting: { bytes: number; onReply: (reply: unknown) => void }[] = [];
  #waitingBytes = 0;
  #wake = () => {};
  #failure: Error | undefined;

  static async connect(port: number): Promise<Filler> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    return new Filler(socket);
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    const parser = new RedisParser({
      returnBuffers: true,
      returnReply: (reply) => this.#replied(reply),
      returnError: (error) => this.#fail(error),
    });
    socket.on('data', (chunk) => parser.execute(chunk));
    socket.on('close', () => this.#fail(new Error('the server closed the connection')));
    socket.on('error', (error) => this.#fail(error));
  }

  /**
   * Sends a request, once at most `MOST_WAITING` bytes are waiting.
   * @param onReply Receives the reply, with Buffers for strings.
   */
  async send(words: readonly (string | Buffer)[], onReply: (reply: unknown) => void = () => {}): Promise<void> {
    while (this.#waitingBytes > MOST_WAITING && this.#failure === undefined) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#failure !== undefined) throw this.#failure;
    let bytes = 0;
    this.#socket.cork();
    this.#socket.write(`*${words.length}\r\n`);
    for (const word of words) {
      bytes += word.length;
      if (typeof word === 'string') {
        this.#socket.write(encodeBulk(word), 'latin1');
      } else {
        this.#socket.write(`$${word.length}\r\n`);
        this.#socket.write(word);
        this.#socket.write('\r\n');
      }
    }
    this.#socket.uncork();
    this.#waiting.push({ bytes, onReply });
    this.#waitingBytes += bytes;
  }

  /** Sends a request and waits for its reply. */
  async ask(...words: readonly string[]): Promise<unknown> {
    let answer: unknown;
    await this.send(words, (reply) => {
      answer = reply;
    });
    await this.settle();
    return answer;
  }

  /** Waits for all replies. */
  async settle(): Promise<void> {
    while (this.#waiting.length > 0 && this.#failure === undefined) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Returns `used_memory`, in bytes. */
  async usedMemory(): Promise<number> {
    return Number(/^used_memory:(\d+)/m.exec(String(await this.ask('INFO', 'memory')))?.[1]);
  }

  close(): void {
    this.#socket.removeAllListeners('close').destroy();
  }

  #replied(reply: unknown): void {
    const first = this.#waiting.shift();
    if (first === undefined) {
      this.#fail(new Error('a reply without a request'));
      return;
    }
    this.#waitingBytes -= first.bytes;
    try {
      first.onReply(reply);
    } catch (error) {
      this.#fail(error as Error);
    }
    this.#wake();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#wake();
  }
}
