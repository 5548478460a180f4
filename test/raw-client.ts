import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A bare socket: sends what no client library would, and sees every byte that comes back. */
export class RawClient {
  readonly socket: Socket;
  /** What has come and is not taken. It is joined when it is looked at: joining it with each chunk would copy megabytes each time. */
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

  /** @param socket One that is connecting. @param event Its event when it has connected. */
  static async over(socket: Socket, event = 'connect'): Promise<RawClient> {
    const client = new RawClient(socket);
    await once(socket, event);
    return client;
  }

  /** Resolves when the bytes are handed to the system. */
  send(bytes: string | Buffer): Promise<void> {
    return new Promise((resolve) => {
      this.socket.write(bytes as string, 'latin1', () => resolve());
    });
  }

  /** Waits for so many bytes and takes them. */
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

  /** Waits for a text to come and takes everything up to its end. */
  async takeUntil(text: string): Promise<string> {
    await this.#until(() => this.#received.includes(text, 0, 'latin1'));
    return this.take(this.#received.indexOf(text, 0, 'latin1') + text.length);
  }

  /** Sends a request and waits for its reply, a bulk string, whose text is returned. */
  async bulk(...request: (string | Buffer)[]): Promise<string> {
    await this.send(frame(...request));
    const header = await this.takeUntil('\r\n');
    const length = Number(/^[$=](\d+)/.exec(header)?.[1]);
    if (Number.isNaN(length)) throw new Error(`expected a bulk string, got ${JSON.stringify(header)}`);
    return (await this.take(length + 2)).slice(0, -2);
  }

  /** Waits for the end of the connection and takes everything that came before. */
  async takeAll(): Promise<string> {
    await this.#until(() => this.#ended);
    return this.#received.toString('latin1');
  }

  /** Sends a request and waits for a reply of that text. */
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
