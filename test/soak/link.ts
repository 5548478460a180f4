import { connect, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { Failure, mapOf, type Reply, ReplyReader, show } from '../tools/replies.js';
import type { Span, Stage } from './stage.js';

/** What a client is told that is one too many. */
export const REFUSAL = 'ERR max number of clients reached';
/** Counts those who were, and did not come to read it before the connection was cut. */
export const UNHEARD = 'refused: maxclients, it seems';
/** A reply that takes longer, in ms, does not come any more. */
const PATIENCE = 120_000;
/** After a refusal the next attempt is made so many ms later. */
const RETRY_MS = 50;

/** Something sent, and what is to be done with the replies to it. */
export interface Exchange {
  /** How many replies there must be. */
  readonly replies: number;
  /** The replies came. @param at The server acted somewhen in this time. */
  settle(replies: readonly Reply[], at: Span): void;
  /** The connection ended before they came. */
  lost?(): void;
}

/** An exchange that is under way. */
interface Sent {
  readonly exchange: Exchange;
  readonly at: number;
  readonly got: Reply[];
}

export interface LinkOptions {
  readonly name: string;
  readonly protocol: 2 | 3;
  readonly unix: boolean;
}

/**
 * One connection to the server: a bare socket that matches each reply with what was asked, in order. A reply
 * too many, one that is missing and a connection that the server ends without a reason fail the run.
 */
export class Link {
  readonly name: string;
  readonly protocol: 2 | 3;
  readonly unix: boolean;
  /** The server's id of it. */
  id = 0;
  /** Somebody has told the server to end it, or it does what the server ends a connection for. */
  doomed = false;
  /** Takes replies that answer nothing: messages. Returns whether it took the reply. */
  intercept: (reply: Reply) => boolean = () => false;
  /** Resolves when the connection has ended, whoever ended it. */
  readonly ended: Promise<void>;

  readonly #stage: Stage;
  readonly #socket: Socket;
  readonly #reader = new ReplyReader();
  #sent: Sent[] = [];
  #closed = false;
  #left = false;
  #cutAt = Infinity;
  #received = 0;
  #paused = false;
  #idle: () => void = () => {};

  private constructor(stage: Stage, socket: Socket, { name, protocol, unix }: LinkOptions) {
    this.#stage = stage;
    this.#socket = socket;
    this.name = name;
    this.protocol = protocol;
    this.unix = unix;
    stage.links.add(this);
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    this.ended = new Promise((resolve) => {
      socket.once('close', () => {
        this.#closed = true;
        stage.links.delete(this);
        if (!this.#left && !this.doomed) stage.fail(`${this} was disconnected, for no reason`);
        for (const { exchange } of this.#sent) exchange.lost?.();
        this.#idle();
        resolve();
      });
    });
  }

  /** Connects and introduces itself; where the server has clients enough, tries until it is let in. */
  static async open(stage: Stage, options: LinkOptions): Promise<Link> {
    for (;;) {
      const socket = await openSocket(stage, options.unix);
      const link = new Link(stage, socket, options);
      // One who is turned away is disconnected.
      link.doomed = true;
      const hello = await link.#hello(String(options.protocol));
      if (hello !== undefined) {
        link.id = Number(mapOf(hello).get('id'));
        link.doomed = false;
        return link;
      }
      link.leave();
      await wait(RETRY_MS);
    }
  }

  /** Authenticates anew, after RESET. */
  async reintroduce(): Promise<void> {
    await this.#hello('2');
  }

  async #hello(protocol: string): Promise<Reply | undefined> {
    const hello = await this.ask('HELLO', protocol, 'AUTH', 'default', this.#stage.password, 'SETNAME', this.name);
    if (hello === undefined) {
      this.#stage.count(UNHEARD);
      return undefined;
    }
    if (hello instanceof Failure && hello.text === REFUSAL) {
      this.#stage.count('refused: maxclients');
      return undefined;
    }
    if (hello instanceof Failure) this.#stage.fail(`${this}: HELLO was refused: ${hello.text}`);
    return hello;
  }

  /** Sends one command. Resolves with its reply, undefined if the connection ended first. */
  ask(...words: string[]): Promise<Reply | undefined> {
    return new Promise((resolve) => {
      this.expect({ replies: 1, settle: ([reply]) => resolve(reply), lost: () => resolve(undefined) });
      this.write(encode(words));
    });
  }

  /** As `ask`, of one who is not to be disconnected. */
  async demand(...words: string[]): Promise<Reply> {
    const reply = await this.ask(...words);
    if (reply === undefined) throw new Error(`${this} was disconnected`);
    if (reply instanceof Failure) throw new Error(`${this}: ${words.slice(0, 2).join(' ')}: ${reply.text}`);
    return reply;
  }

  /** The exchange is the next to be answered. To be called before its bytes are written. */
  expect(exchange: Exchange): void {
    if (this.#closed) exchange.lost?.();
    this.#sent.push({ exchange, at: performance.now(), got: [] });
  }

  write(bytes: string): void {
    this.#socket.write(bytes, 'latin1');
  }

  /** Resolves when everything that was asked is answered, or the connection has ended. */
  async answered(): Promise<void> {
    if (this.#sent.length === 0 || this.#closed) return;
    await new Promise<void>((resolve) => {
      this.#idle = resolve;
    });
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Its own end of the connection, as the server names it. */
  get address(): string {
    return `127.0.0.1:${this.#socket.localPort}`;
  }

  /** Cuts the connection when so many more bytes have come. */
  cutAfter(bytes: number): void {
    this.#cutAt = this.#received + bytes;
  }

  /** Reads no more until `resume`. */
  pause(): void {
    this.#paused = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#socket.resume();
  }

  /** Goes without a word, in TCP with a reset. */
  cut(): void {
    this.#left = true;
    if (this.unix || this.#socket.connecting) this.#socket.destroy();
    else this.#socket.resetAndDestroy();
  }

  /** Goes, when all it wrote is sent. */
  leave(): void {
    this.#left = true;
    this.#socket.resume();
    this.#socket.end();
  }

  /** Fails the run if a reply does not come. */
  checkPatience(now: number): void {
    const oldest = this.#sent.at(0);
    if (oldest === undefined || this.#paused || this.#left || now - oldest.at < PATIENCE) return;
    this.#stage.fail(
      `${this} has had no reply for ${PATIENCE / 1000} s; ${this.#reader.pending} bytes of one have come`,
    );
  }

  toString(): string {
    return `client ${this.id} (${this.name})`;
  }

  #receive(chunk: Buffer): void {
    this.#received += chunk.length;
    this.#reader.push(chunk);
    try {
      for (let reply = this.#reader.next(); reply !== undefined; reply = this.#reader.next()) this.#take(reply);
    } catch (error) {
      this.#stage.fail(`${this}: ${(error as Error).message}`);
    }
    if (this.#sent.length === 0) this.#idle();
    if (this.#received >= this.#cutAt) this.cut();
  }

  #take(reply: Reply): void {
    if (this.intercept(reply)) return;
    const next = this.#sent.at(0);
    if (next === undefined && reply instanceof Failure && reply.text === REFUSAL) {
      // It had not authenticated yet, or not again, and had to make room for another.
      this.#stage.count('refused: maxclients');
      return;
    }
    if (next === undefined) throw new Error(`a reply to nothing: ${show(reply)}`);
    next.got.push(reply);
    if (next.got.length < next.exchange.replies) return;
    this.#sent.shift();
    next.exchange.settle(next.got, { from: next.at, to: performance.now() });
  }
}

/** Connects. What the server must have accepted is counted: to compare with what it counts itself. */
export function openSocket(stage: Stage, unix: boolean): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = unix
      ? connect({ path: stage.socketPath })
      : connect({ port: stage.port, host: '127.0.0.1', noDelay: true });
    socket.once('error', reject);
    socket.once('connect', () => {
      // The end of a connection is all that there is to know of an error.
      socket.off('error', reject).on('error', () => {});
      stage.count('connections');
      resolve(socket);
    });
  });
}

/** A request as clients send it. */
export function encode(words: readonly string[]): string {
  let text = `*${words.length}\r\n`;
  for (const word of words) text += `$${word.length}\r\n${word}\r\n`;
  return text;
}
