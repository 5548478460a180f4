import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type Reply, readReply, show } from './tools/replies.js';

/** A bare socket. It can send what no client library would, and sees every byte of the replies. */
export class RawClient {
  readonly socket: Socket;
  /**
   * What has arrived and has not been taken. It is joined only when needed: joining each chunk at once would copy
   * megabytes.
   */
  #chunks: Buffer[] = [];
  #length = 0;
  #ended = false;
  #wake: () => void = () => {};

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk) => {
      this.#chunks.push(chunk);
      this.#length += chunk.length;
      this.#wake();
    });
    socket.on('close', () => {
      this.#ended = true;
      this.#wake();
    });
    socket.on('error', () => {});
  }

  static connect(port: number, host = '127.0.0.1'): Promise<RawClient> {
    return RawClient.over(connect({ port, host, noDelay: true }));
  }

  /** @param socket A socket that is connected. */
  static on(socket: Socket): RawClient {
    return new RawClient(socket);
  }

  /** @param socket A socket that is connecting. @param event The event that it emits when it is connected. */
  static async over(socket: Socket, event = 'connect'): Promise<RawClient> {
    const client = new RawClient(socket);
    await once(socket, event);
    return client;
  }

  /** Resolves when the system has the bytes. */
  send(bytes: string | Buffer): Promise<void> {
    return new Promise((resolve) => {
      this.socket.write(bytes as string, 'latin1', () => resolve());
    });
  }

  /** Waits for this many bytes and takes them. */
  async take(length: number): Promise<string> {
    await this.#until(() => this.#length >= length);
    const taken: Buffer[] = [];
    for (let left = length; left > 0; ) {
      const chunk = this.#chunks[0];
      taken.push(chunk.subarray(0, left));
      if (chunk.length > left) this.#chunks[0] = chunk.subarray(left);
      else this.#chunks.shift();
      left -= taken[taken.length - 1].length;
    }
    this.#length -= length;
    return Buffer.concat(taken).toString('latin1');
  }

  /** Waits for a text and takes everything up to its end. */
  async takeUntil(text: string): Promise<string> {
    await this.#until(() => this.#received.includes(text, 0, 'latin1'));
    return this.take(this.#received.indexOf(text, 0, 'latin1') + text.length);
  }

  /** Waits for a reply and takes it. */
  async reply(): Promise<Reply> {
    for (let needed = 1; ; ) {
      await this.#until(() => this.#length >= needed);
      const found = readReply(this.#received);
      if ('needed' in found) {
        needed = found.needed;
      } else {
        await this.take(found.end);
        return found.reply;
      }
    }
  }

  /** Sends a request and waits for its reply, which must be a bulk string. */
  async bulk(...request: (string | Buffer)[]): Promise<string> {
    await this.send(frame(...request));
    const reply = await this.reply();
    if (typeof reply !== 'string') throw new Error(`expected a bulk string, got ${show(reply)}`);
    return reply;
  }

  /** Waits until the connection ends and takes everything that arrived before. */
  async takeAll(): Promise<string> {
    await this.#until(() => this.#ended);
    return this.#received.toString('latin1');
  }

  /** Sends a request and waits for exactly this reply. */
  async expect(request: string | Buffer, reply: string): Promise<void> {
    await this.send(request);
    const got = await this.take(reply.length);
    if (got !== reply) throw new Error(`expected ${JSON.stringify(reply)}, got ${JSON.stringify(got)}`);
  }

  close(): void {
    this.socket.destroy();
  }

  get #received(): Buffer {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0] ?? Buffer.alloc(0);
  }

  async #until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.#ended)
        throw new Error(`the connection ended after ${JSON.stringify(this.#received.toString('latin1'))}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

/** A request as clients send it. */
export function frame(...request: (string | Buffer)[]): Buffer {
  const parts = request.flatMap((argument) => {
    const bytes = typeof argument === 'string' ? Buffer.from(argument) : argument;
    return [Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n')];
  });
  return Buffer.concat([Buffer.from(`*${request.length}\r\n`), ...parts]);
}
