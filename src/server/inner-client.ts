import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { CommandClient } from '../http/http-context.js';
import type { OutputLimits } from '../option-kinds.js';
import { encodeRequest } from '../resp/encode-request.js';
import { type DecodedReply, ReplyDecoder, ReplyError } from '../resp/reply-decoder.js';
import { LiveLimits } from './live-limits.js';

/** The addresses of a connection. */
export type Endpoints = Pick<Socket, 'remoteAddress' | 'remotePort' | 'localAddress' | 'localPort'>;

/**
 * The longest reply in bytes. The client decodes a reply in one step and copies it a few times, so a longer one would
 * keep others waiting.
 */
const MAX_REPLY = 4 * 2 ** 20;

/** Its connection was closed, by the server or by CLIENT KILL. */
const CLOSED = new ReplyError(
  'CLOSED',
  `the server has closed the connection, for example because the reply has more than ${MAX_REPLY / 2 ** 20} MB`,
);

/** The limits of clients within the process: those of others, but replies are shorter. */
export class InnerLimits extends LiveLimits {
  override get output(): OutputLimits {
    const { normal, pubsub } = super.output;
    return { normal: { ...normal, hard: Math.min(normal.hard || Infinity, MAX_REPLY) }, pubsub };
  }

  override outputLimitName(limitClass: keyof OutputLimits): string {
    const { normal } = super.output;
    const isOurs = limitClass === 'normal' && (normal.hard === 0 || normal.hard > MAX_REPLY);
    return isOurs ? `the HTTP API replies with at most ${MAX_REPLY / 2 ** 20} MB` : super.outputLimitName(limitClass);
  }
}

interface Waiting {
  readonly resolve: (reply: DecodedReply) => void;
  readonly reject: (error: Error) => void;
}

/**
 * A client within the process. The server serves it through a `Connection`, as it serves every client, so its commands
 * are checked, counted, logged and made durable in the same way.
 */
export class InnerClient implements CommandClient {
  readonly #socket: InnerSocket;
  readonly #waiting: Waiting[] = [];

  /** @param from The addresses that the server shows for it. */
  constructor(from: Endpoints) {
    const decoder = new ReplyDecoder((reply) => this.#waiting.shift()?.resolve(reply));
    this.#socket = new InnerSocket(from, (bytes) => decoder.push(bytes));
    this.#socket.once('close', () => {
      for (const { reject } of this.#waiting.splice(0)) reject(CLOSED);
    });
  }

  /** What the server serves: the other end. */
  get socket(): Socket {
    return this.#socket as unknown as Socket;
  }

  async run(...words: readonly (string | Buffer)[]): Promise<DecodedReply> {
    if (this.#socket.destroyed) throw CLOSED;
    const reply = await new Promise<DecodedReply>((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#socket.push(encodeRequest(words));
    });
    if (reply instanceof ReplyError) throw reply;
    return reply;
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** The part of a socket that a `Connection` uses. What it writes has been read at once. */
class InnerSocket extends Duplex {
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  readonly localAddress: string | undefined;
  readonly localPort: number | undefined;
  readonly #onWrite: (bytes: Buffer) => void;

  constructor({ remoteAddress, remotePort, localAddress, localPort }: Endpoints, onWrite: (bytes: Buffer) => void) {
    super();
    this.remoteAddress = remoteAddress;
    this.remotePort = remotePort;
    this.localAddress = localAddress;
    this.localPort = localPort;
    this.#onWrite = onWrite;
  }

  override _read(): void {}

  override _write(bytes: Buffer, _: BufferEncoding, done: () => void): void {
    // The server uses its buffer again.
    this.#onWrite(Buffer.from(bytes));
    done();
  }

  /** The server has ended its side, so nothing more will be served. */
  override _final(done: () => void): void {
    done();
    this.destroy();
  }
}
