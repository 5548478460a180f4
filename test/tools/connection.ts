import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type Reply, ReplyReader, show } from './replies.js';
import type { Span } from './session.js';

export type Request = readonly string[];

/** Where a server listens. */
export type Address = { readonly port: number } | { readonly path: string };

/** Replies that are on their way. */
export interface Exchange {
  /** How many replies there will be. */
  readonly replies: number;
  /** They have arrived. @param at The server did its work within this time. */
  settle(replies: readonly Reply[], at: Span): void;
  /** The connection ended first. */
  lost?(): void;
}

/** Opens a socket. Once it is connected, its errors are ignored: its `close` event says enough. */
export async function openSocket(address: Address): Promise<Socket> {
  const socket = connect({ noDelay: true, host: '127.0.0.1', ...address });
  await once(socket, 'connect');
  return socket.on('error', () => {});
}

/** A bare connection that gives each reply to whoever is waiting for it, in order. */
export class Connection {
  /** Takes replies that nobody asked for, such as messages. Returns whether it took this one. */
  intercept: (reply: Reply) => boolean = () => false;
  /** Resolves when the connection has ended. */
  readonly ended: Promise<void>;
  protected readonly socket: Socket;
  protected readonly reader = new ReplyReader();
  #waiting: { exchange: Exchange; sentAt: number; got: Reply[] }[] = [];
  #closed = false;
  #idle: () => void = () => {};

  /** @param socket It must be connected. */
  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => this.receive(chunk));
    this.ended = new Promise((resolve) => {
      socket.once('close', () => {
        this.#closed = true;
        for (const { exchange } of this.#waiting) exchange.lost?.();
        this.#idle();
        resolve();
      });
    });
  }

  static async open(address: Address): Promise<Connection> {
    return new Connection(await openSocket(address));
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** When the oldest request without a reply was sent, in ms; undefined if there is none. */
  get waitingSince(): number | undefined {
    return this.#waiting.at(0)?.sentAt;
  }

  /** Announces the next exchange. Call this before writing its bytes. */
  expect(exchange: Exchange): void {
    if (this.#closed) exchange.lost?.();
    else this.#waiting.push({ exchange, sentAt: performance.now(), got: [] });
  }

  write(bytes: string): void {
    this.socket.write(bytes, 'latin1');
  }

  /** Sends requests in one write. @param onReply Called with each reply, as far as they arrive. */
  send(
    requests: readonly Request[],
    onReply: (reply: Reply, index: number) => void,
    lost: () => void = () => {},
  ): void {
    requests.forEach((_, index) => {
      this.expect({ replies: 1, settle: ([reply]) => onReply(reply, index), lost });
    });
    this.write(requests.map(encode).join(''));
  }

  /** Sends one request. Resolves with its reply, or undefined if the connection ends first. */
  ask(...request: string[]): Promise<Reply | undefined> {
    return new Promise((resolve) => this.send([request], resolve, () => resolve(undefined)));
  }

  /** Sends requests. Resolves with all replies. @throws Error if the connection ends first. */
  askAll(requests: readonly Request[]): Promise<Reply[]> {
    return new Promise((resolve, reject) => {
      const replies: Reply[] = [];
      if (requests.length === 0) resolve(replies);
      const onReply = (reply: Reply) => {
        if (replies.push(reply) === requests.length) resolve(replies);
      };
      this.send(requests, onReply, () => reject(new Error('the server ended the connection')));
    });
  }

  /** Resolves when everything is answered or the connection has ended. */
  async answered(): Promise<void> {
    if (this.#waiting.length === 0 || this.#closed) return;
    await new Promise<void>((resolve) => {
      this.#idle = resolve;
    });
  }

  close(): void {
    this.socket.destroy();
  }

  protected receive(chunk: Buffer): void {
    this.reader.push(chunk);
    for (let reply = this.reader.next(); reply !== undefined; reply = this.reader.next()) {
      if (!this.intercept(reply)) this.#take(reply);
    }
    if (this.#waiting.length === 0) this.#idle();
  }

  /** Handles a reply when none is expected. */
  protected unexpected(reply: Reply): void {
    throw new Error(`a reply that nobody asked for: ${show(reply)}`);
  }

  #take(reply: Reply): void {
    const next = this.#waiting.at(0);
    if (next === undefined) {
      this.unexpected(reply);
      return;
    }
    if (next.got.push(reply) < next.exchange.replies) return;
    this.#waiting.shift();
    next.exchange.settle(next.got, { from: next.sentAt, to: performance.now() });
  }
}

/** A request as clients send it. Strings have one character per byte. */
export function encode(words: Request): string {
  let text = `*${words.length}\r\n`;
  for (const word of words) text += `$${word.length}\r\n${word}\r\n`;
  return text;
}

/** Every session's token and name, found by scanning. @param count How many sessions to look at in one step. */
export async function scanSessions(connection: Connection, count: number): Promise<Map<string, string>> {
  const sessions = new Map<string, string>();
  let cursor = '0';
  do {
    const [reply] = await connection.askAll([['SESSION.SCAN', cursor, 'COUNT', String(count)]]);
    if (!Array.isArray(reply)) throw new Error(`SESSION.SCAN replied ${show(reply)}`);
    const [next, found] = reply as [string, string[]];
    for (let i = 0; i < found.length; i += 2) sessions.set(found[i], found[i + 1]);
    cursor = next;
  } while (cursor !== '0');
  return sessions;
}
