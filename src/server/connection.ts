import type { Socket } from 'node:net';
import { Arguments } from '../commands/arguments.js';
import type { Client, Context } from '../commands/context.js';
import { dispatch } from '../commands/dispatch.js';
import { ProtocolError } from '../resp/protocol-error.js';
import { OutputLimitError, ReplyEncoder } from '../resp/reply-encoder.js';
import { RequestDecoder, type RequestLimits } from '../resp/request-decoder.js';
import type { Log } from './log.js';

/** What a connection needs of the server. */
export interface ConnectionOptions extends Pick<Context, 'engine' | 'server'> {
  readonly log: Log;
  readonly limits: RequestLimits;
  /** Bytes of unread replies past which nothing more is read from the client. */
  readonly softOutputLimit: number;
  /** Bytes of unread replies past which the client is disconnected. */
  readonly hardOutputLimit: number;
}

/** After the last reply a client has this long, in ms, to read it before the connection is cut. */
const LINGER_MS = 500;

/**
 * One client: bytes from its socket become requests, requests become replies, and the replies to what
 * was read at once leave in one write.
 *
 * It pulls requests instead of being pushed them, so it can stop between any two: when the client
 * leaves its replies unread, when a command has to wait, when the connection ends.
 */
export class Connection implements Client {
  readonly id: number;
  name = '';
  libraryName = '';
  libraryVersion = '';
  authenticated: boolean;

  readonly #socket: Socket;
  readonly #options: ConnectionOptions;
  readonly #decoder: RequestDecoder;
  readonly #reply: ReplyEncoder;
  readonly #context: Context;
  readonly #args = new Arguments();
  /** What must come first before another request is pulled: the reply of a command, or the client reading replies. */
  #waitingFor: 'command' | 'reader' | undefined;
  /** No more requests are pulled: the client said QUIT or broke the protocol. */
  #closing = false;
  /** No more is read, and the connection ends when what was read is answered: the server stops. */
  #draining = false;
  /** The end was sent. */
  #ended = false;

  constructor(socket: Socket, id: number, options: ConnectionOptions) {
    this.#socket = socket;
    this.id = id;
    this.#options = options;
    this.authenticated = !options.server.passwordRequired;
    this.#decoder = new RequestDecoder(options.limits);
    this.#decoder.trusted = this.authenticated;
    this.#reply = new ReplyEncoder(options.hardOutputLimit);
    this.#context = { engine: options.engine, server: options.server, client: this, reply: this.#reply };
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('drain', () => this.#resume('reader'));
    // The socket closes itself after an error; a client that vanishes is no news.
    socket.on('error', () => {});
  }

  admit(): void {
    this.authenticated = true;
    this.#decoder.trusted = true;
  }

  closeAfterReply(): void {
    this.#closing = true;
  }

  /** Answers what was read, then ends the connection; cuts it if the client does not read the answers soon. */
  close(): void {
    this.#draining = true;
    if (this.#waitingFor === undefined) this.#end();
    else cutSoon(this.#socket);
  }

  #receive(chunk: Buffer): void {
    this.#options.server.counters.input += chunk.length;
    if (this.#closing || this.#draining) return;
    this.#decoder.push(chunk);
    if (this.#waitingFor === undefined) this.#serve();
  }

  #wait(reason: 'command' | 'reader'): void {
    this.#waitingFor = reason;
    this.#socket.pause();
  }

  #resume(reason: 'command' | 'reader'): void {
    if (this.#waitingFor !== reason || this.#ended) return;
    this.#waitingFor = undefined;
    this.#socket.resume();
    this.#serve();
  }

  /** Answers what is at hand. */
  #serve(): void {
    try {
      while (!this.#closing && this.#waitingFor === undefined) {
        const request = this.#decoder.next();
        if (request === undefined) break;
        const running = dispatch(this.#context, this.#args, request, this.#onFault);
        if (running !== undefined) this.#await(running);
        else if (this.#reply.length > this.#options.softOutputLimit) this.#flush();
      }
    } catch (error) {
      this.#fail(error);
    }
    if (this.#waitingFor !== 'command') this.#args.release();
    this.#flush();
    const finished = this.#closing || this.#draining;
    if (finished && this.#waitingFor === undefined) this.#end();
  }

  #await(running: Promise<void>): void {
    this.#wait('command');
    running.then(
      () => this.#resume('command'),
      (error: unknown) => {
        this.#fail(error);
        this.#resume('command');
      },
    );
  }

  /** Writes the replies that are ready; that of a command which has to wait is not. */
  #flush(): void {
    if (this.#socket.destroyed) return;
    const bytes = this.#waitingFor === 'command' ? this.#reply.takeFinished() : this.#reply.take();
    if (bytes.length === 0) return;
    this.#options.server.counters.output += bytes.length;
    this.#socket.write(bytes, 'latin1');
    const { writableNeedDrain, writableLength } = this.#socket;
    const unread = writableNeedDrain && writableLength > this.#options.softOutputLimit;
    if (unread && this.#waitingFor === undefined) this.#wait('reader');
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    endSoon(this.#socket);
  }

  /** Ends the connection: for what the client did, which it is told, or for a fault of ours, which the log is told. */
  #fail(error: unknown): void {
    this.#closing = true;
    if (error instanceof ProtocolError) {
      this.#options.server.counters.errors++;
      // What was answered so far makes room for the reason.
      this.#flush();
      this.#reply.error(`ERR ${error.message}`);
      return;
    }
    if (error instanceof OutputLimitError) {
      this.#options.log.warning(`client ${this.id} disconnected: ${error.message} (client-output-buffer-limit)`);
    } else {
      this.#onFault(error);
    }
    this.#socket.destroy();
  }

  readonly #onFault = (fault: unknown): void => {
    const stack = fault instanceof Error ? fault.stack : String(fault);
    this.#options.log.warning(`internal error, please report it: ${stack}`);
  };
}

/** Sends what is to be sent and the end; cuts the connection if the other side does not follow soon. */
export function endSoon(socket: Socket, last = ''): void {
  // What still comes is thrown away: unread, it would make the system drop the replies on their way.
  socket.resume();
  socket.end(last);
  cutSoon(socket);
}

function cutSoon(socket: Socket): void {
  const cut = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once('close', () => clearTimeout(cut));
}
