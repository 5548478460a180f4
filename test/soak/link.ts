import type { Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { Connection } from '../tools/connection.js';
import { Failure, mapOf, type Reply, show } from '../tools/replies.js';
import type { Stage } from './stage.js';

/** The server's error when it has `maxclients` clients. */
export const REFUSAL = 'ERR max number of clients reached';
/** Counts refused clients that could not read the error before the connection was cut. */
export const UNHEARD = 'refused: maxclients, error not read';
/** How long a reply may take, in ms: a guard against hanging. */
const PATIENCE = 120_000;
/** How long a refused client waits before it tries again, in ms. */
const RETRY_MS = 50;

interface LinkOptions {
  readonly name: string;
  readonly protocol?: 2 | 3;
  readonly unix?: boolean;
}

/**
 * A participant's connection. One reply too many, one too few, and a connection that the server ends without a reason
 * fail the run.
 */
export class Link extends Connection {
  readonly name: string;
  readonly protocol: 2 | 3;
  readonly unix: boolean;
  /** The client id that the server has given it. */
  id = 0;
  /** The server has a reason to end it. */
  doomed = false;

  readonly #stage: Stage;
  #left = false;
  #cutAt = Infinity;
  #received = 0;
  #paused = false;

  private constructor(stage: Stage, socket: Socket, { name, protocol = 2, unix = false }: LinkOptions) {
    super(socket);
    this.#stage = stage;
    this.name = name;
    this.protocol = protocol;
    this.unix = unix;
    stage.links.add(this);
    void this.ended.then(() => {
      stage.links.delete(this);
      if (!this.#left && !this.doomed) stage.fail(`${this} was disconnected without a reason`);
    });
  }

  /** Connects and logs in. If the server has too many clients, tries until it is accepted. */
  static async join(stage: Stage, options: LinkOptions): Promise<Link> {
    for (;;) {
      const link = new Link(stage, await stage.connect(options.unix ?? false), options);
      // A refused client is disconnected.
      link.doomed = true;
      const hello = await link.logIn(link.protocol);
      if (hello !== undefined) {
        link.id = Number(mapOf(hello).get('id'));
        link.doomed = false;
        return link;
      }
      link.leave();
      await wait(RETRY_MS);
    }
  }

  /** Returns the reply to HELLO, or undefined if the server refused the client. */
  async logIn(protocol: 2 | 3 = 2): Promise<Reply | undefined> {
    const words = [String(protocol), 'AUTH', 'default', this.#stage.password, 'SETNAME', this.name];
    const hello = await this.ask('HELLO', ...words);
    if (hello === undefined) this.#stage.tally.count(UNHEARD);
    if (!(hello instanceof Failure)) return hello;
    if (hello.text === REFUSAL) this.#stage.tally.count('refused: maxclients');
    else this.#stage.fail(`${this}: HELLO replied ${hello.text}`);
    return undefined;
  }

  /** Sends a request that must succeed, on a connection that must not end. */
  async demand(...words: string[]): Promise<Reply> {
    const reply = await this.ask(...words);
    if (reply === undefined) throw new Error(`${this} was disconnected`);
    if (reply instanceof Failure) throw new Error(`${this}: ${words.slice(0, 2).join(' ')}: ${reply.text}`);
    return reply;
  }

  /** The client's own address, as the server shows it. */
  get address(): string {
    return `127.0.0.1:${this.socket.localPort}`;
  }

  /** Cuts the connection after `bytes` more bytes have arrived. */
  cutAfter(bytes: number): void {
    this.#cutAt = this.#received + bytes;
  }

  /** Stops reading until `resume`. */
  pause(): void {
    this.#paused = true;
    this.socket.pause();
  }

  resume(): void {
    this.#paused = false;
    this.socket.resume();
  }

  /** Ends the connection at once; over TCP with a reset. */
  cut(): void {
    this.#left = true;
    if (this.unix) this.socket.destroy();
    else this.socket.resetAndDestroy();
  }

  /** Ends the connection after everything written has been sent. Resolves when it has ended. */
  async leave(): Promise<void> {
    this.#left = true;
    this.socket.resume();
    this.socket.end();
    await this.ended;
  }

  /** Fails the run if a reply does not arrive. */
  checkPatience(now: number): void {
    if (this.#paused || this.#left || now - (this.waitingSince ?? now) < PATIENCE) return;
    this.#stage.fail(
      `${this} has waited ${PATIENCE / 1000} s for a reply, of which ${this.reader.pending} bytes have arrived`,
    );
  }

  override toString(): string {
    return `client ${this.id} (${this.name})`;
  }

  protected override receive(chunk: Buffer): void {
    this.#received += chunk.length;
    try {
      super.receive(chunk);
    } catch (error) {
      this.#stage.fail(`${this}: ${(error as Error).message}`);
    }
    if (this.#received >= this.#cutAt) this.cut();
  }

  protected override unexpected(reply: Reply): void {
    // It had not authenticated, or not again, and had to make room for another client.
    if (show(reply) === `-${REFUSAL}`) this.#stage.tally.count('refused: maxclients');
    else super.unexpected(reply);
  }
}
