import type { Socket } from 'node:net';
import { Arguments } from '../commands/arguments/arguments.js';
import { countError } from '../execution/call.js';
import type { ServerControl } from '../execution/context/server-control.js';
import { dispatch, mayRunAhead } from '../execution/dispatch.js';
import type { Execution } from '../execution/execution.js';
import { LateAnswer, type Running } from '../execution/late-answer.js';
import { ReplyQueue } from '../execution/reply-queue.js';
import type { OutputLimits } from '../option-kinds.js';
import { ProtocolError } from '../resp/protocol-error.js';
import type { Request } from '../resp/request.js';
import type { RequestDecoder } from '../resp/request-decoder.js';
import { DurableReplies } from './durable-replies.js';
import { cutWhenIdle, endSoon } from './end-socket.js';
import type { Output } from './output.js';
import type { Pausing } from './pausing.js';
import type { Turns } from './turns.js';

interface RequestLoopOptions {
  readonly socket: Socket;
  readonly server: ServerControl;
  readonly decoder: RequestDecoder;
  readonly output: Output;
  readonly execution: Execution;
  readonly turns: Turns;
  readonly pausing: Pausing;
  /** In ms. */
  readonly connectedAt: number;
  /** They may change. */
  readonly limits: {
    /** Bytes of unread replies beyond which nothing more is read from a client that has authenticated. */
    readonly replyBacklog: number;
    readonly output: OutputLimits;
  };
  /** Called when requests have been served, or more has been read. */
  onProgress(): void;
  /** Called with errors other than those of the protocol. The connection must end. */
  onFault(fault: unknown): void;
}

/**
 * What the next request waits for: the reply of a command, the replies to all earlier requests, those to enough of
 * them, the client to read its replies, the disk to catch up with the changes, the other clients' turn, the end of the
 * penalty for a wrong password, or the end of CLIENT PAUSE.
 */
type Cause = 'command' | 'replies' | 'room' | 'reader' | 'disk' | 'turn' | 'penalty' | 'pause';

/** The most requests of one client that run while replies to earlier ones are still to come. */
const MOST_AHEAD = 1024;

/**
 * Bytes of unread replies beyond which nothing more is read from a client that has not authenticated. Such a client can
 * receive only errors. `replyBacklog` is never lower.
 */
const STRANGERS_BACKLOG = 16 * 1024;

/** After this many ms of work for one client, the other clients are served. */
const TURN_MS = 3;

/**
 * Serves one client: bytes from its socket become requests, requests become replies, and the replies to all requests of
 * one read are sent in one write.
 *
 * It pulls requests from the decoder, so it can stop between any two: when the client leaves its replies unread, when a
 * command has to wait, when the connection ends. While it waits, nothing is read from the socket. It does not have to
 * wait while a store answers earlier requests (`ReplyQueue`) or the disk gets their changes (`DurableReplies`).
 */
export class RequestLoop {
  /** When the client was last active, in ms. */
  activeAt: number;

  readonly #options: RequestLoopOptions;
  readonly #socket: Socket;
  readonly #decoder: RequestDecoder;
  readonly #output: Output;
  readonly #execution: Execution;
  readonly #args = new Arguments();
  readonly #durable: DurableReplies;
  /** The replies of commands that are answered later, and those that must not overtake them. */
  readonly #late: ReplyQueue;
  #waitingFor: Cause | undefined;
  /** Whether no more requests are pulled: the client sent QUIT, violated the protocol, or is disconnected. */
  #closing = false;
  /**
   * Whether nothing more is read, and the connection ends once everything that was read is answered: the server is
   * stopping, or the client has ended its side.
   */
  #draining = false;
  /** Whether the end has been sent. */
  #ended = false;
  /** For how many ms the replies are held back because of a wrong password. */
  #penalty = 0;
  #cancelPenalty: (() => void) | undefined;
  #serving = false;

  constructor(options: RequestLoopOptions) {
    this.#options = options;
    this.#socket = options.socket;
    this.#decoder = options.decoder;
    this.#output = options.output;
    this.#execution = options.execution;
    this.#durable = new DurableReplies(options.server.durability);
    this.#late = new ReplyQueue({
      context: options.execution,
      maxBytes: () => options.limits.output.normal.hard || Infinity,
      isGone: () => options.socket.destroyed,
      onWritten: () => this.#contain(() => this.#onSent()),
      onFault: (fault) => options.onFault(fault),
    });
    this.activeAt = options.connectedAt;
  }

  /** Whether requests are being served. */
  get isServing(): boolean {
    return this.#serving;
  }

  /** Whether a command that takes long has not written its reply yet. */
  get awaitsCommand(): boolean {
    return this.#waitingFor === 'command' && !this.#isBlocked;
  }

  /** Whether its command waits for what others do. Such a command writes all of its reply once that has happened. */
  get #isBlocked(): boolean {
    return this.#execution.client.blocked !== undefined;
  }

  /** Whether the client is waiting for the server. */
  get isBusy(): boolean {
    if (this.#late.length > 0 || !this.#durable.isEmpty) return true;
    return this.#waitingFor !== undefined && this.#waitingFor !== 'reader';
  }

  /** The memory held for requests and replies that wait, in bytes. */
  get held(): number {
    return this.#late.bytes + this.#durable.bytes;
  }

  /** Whether replies are held back because of a wrong password. */
  get penalized(): boolean {
    return this.#penalty > 0;
  }

  /** Holds the replies back for this many ms, or as long as they already are. */
  penalize(ms: number): void {
    this.#penalty = Math.max(this.#penalty, ms);
  }

  /**
   * Serves what the socket has received.
   * @param length How many of the bytes. They are valid only until this returns.
   */
  receive(bytes: Buffer, length: number): void {
    if (this.#closing || this.#draining) return;
    this.#decoder.push(bytes, length);
    if (this.#waitingFor === undefined) {
      this.#serve();
    } else {
      this.#decoder.keep();
      // A client that is blocked is still read, but not without end.
      if (this.#decoder.pending > this.#replyBacklog) this.#socket.pause();
      this.activeAt = this.#options.server.clock.now();
      this.#options.onProgress();
    }
  }

  /** Call this when the client has read its replies. */
  drained(): void {
    this.#resume('reader');
  }

  /** Call this when the client has ended its side. The connection ends once everything that was read is answered. */
  finish(): void {
    this.#draining = true;
    if (this.#isIdle()) this.#end();
  }

  /** Answers what was read, then ends the connection. Cuts it if the client stops reading its replies. */
  close(): void {
    this.#draining = true;
    // No further guesses can follow.
    if (this.#waitingFor === 'penalty') this.#onPenaltyOver();
    if (this.#isIdle()) this.#end();
    else cutWhenIdle(this.#socket, this.#options.server.clock, () => this.#waitingFor !== 'reader');
  }

  /** Serves no more requests. The connection ends when the replies have been sent. */
  serveNoMore(): void {
    this.#closing = true;
  }

  /** Call this when the client has left. */
  cancelPenalty(): void {
    this.#cancelPenalty?.();
  }

  /** Whether everything that was read has been answered. */
  #isIdle(): boolean {
    return this.#waitingFor === undefined && this.#late.length === 0 && this.#durable.isEmpty;
  }

  #wait(cause: Cause): void {
    this.#waitingFor = cause;
    this.#socket.pause();
  }

  #resume(cause: Cause): void {
    if (this.#waitingFor !== cause || this.#ended) return;
    this.#waitingFor = undefined;
    this.#socket.resume();
    this.#serve();
  }

  /** Answers what has been read. */
  #serve(): void {
    const { reply } = this.#execution;
    const { statistics, durability } = this.#options.server;
    const { pausing } = this.#options;
    // It cannot begin meanwhile: the command that begins it ends the turn.
    const isPaused = pausing.isOn;
    let served = false;
    this.#serving = true;
    this.#durable.begin();
    const begun = statistics.begin();
    this.activeAt = begun;
    this.#output.begin();
    try {
      while (!this.#closing && this.#waitingFor === undefined && this.#penalty === 0) {
        const request = this.#decoder.next();
        if (request === undefined) break;
        if (isPaused && pausing.isOn && pausing.holds(this.#execution, request)) {
          this.#decoder.putBack();
          this.#wait('pause');
          pausing.whenOver(this.#onPauseOver);
          break;
        }
        served = true;
        const running =
          this.#late.length === 0 ? dispatch(this.#execution, this.#args, request) : this.#dispatchBehind(request);
        if (running !== undefined) this.#await(running);
        else this.#output.settle();
        if (this.#penalty > 0 || durability?.isBehind) break;
        if (statistics.mark - begun >= TURN_MS && this.#decoder.pending > 0) {
          this.#letOthers();
          break;
        }
        if (reply.length <= STRANGERS_BACKLOG || reply.length <= this.#replyBacklog) continue;
        this.#durable.note();
        if (this.#durable.mustWait) this.#holdReplies();
        else this.#flush();
      }
    } catch (error) {
      this.#fail(error);
    }
    statistics.end();
    if (served) this.#durable.note();
    if (this.#waitingFor !== 'command') {
      this.#args.release();
      this.#decoder.release();
    }
    if (this.#penalty > 0) this.#serveOutPenalty();
    else if (this.#durable.mustWait) this.#holdReplies();
    else this.#send();
    if (this.#waitingFor === undefined && !this.#ended && durability?.isBehind) {
      this.#wait('disk');
      durability.whenCaughtUp(this.#goOn);
    }
    this.#decoder.keep();
    if (this.isBusy) reply.keep();
    this.#serving = false;
    this.#options.onProgress();
  }

  /** Bytes of unread replies beyond which nothing more is read from the client. */
  get #replyBacklog(): number {
    return this.#execution.client.user === undefined ? STRANGERS_BACKLOG : this.#options.limits.replyBacklog;
  }

  /** Runs a request although the replies to earlier ones are still to come, or puts it back until enough have. */
  #dispatchBehind(request: Request): Running {
    const far = this.#isFarAhead(1);
    if (far || !mayRunAhead(this.#execution, request)) {
      this.#decoder.putBack();
      this.#wait(far ? 'room' : 'replies');
      return undefined;
    }
    const running = dispatch(this.#execution, this.#args, request);
    if (running === undefined) this.#late.addWritten();
    return running;
  }

  /** Goes on at once if the reply of a command can come later, otherwise when the command has ended. */
  #await(running: LateAnswer | Promise<void>): void {
    if (running instanceof LateAnswer) {
      this.#late.add(running);
      return;
    }
    this.#waitingFor = 'command';
    // Only reading shows that a client that is blocked has left.
    if (!this.#isBlocked) this.#socket.pause();
    const goOn = () =>
      this.#contain(() => {
        this.#durable.note();
        this.#output.release();
        this.#resume('command');
      });
    running.then(goOn, (error: unknown) => {
      this.#fail(error);
      goOn();
    });
  }

  /** Returns whether a client has more than this fraction of what may be under way. */
  #isFarAhead(fraction: number): boolean {
    return this.#late.length >= MOST_AHEAD * fraction || this.held > this.#replyBacklog * fraction;
  }

  /** Sends replies that have come, and continues if that was waited for. */
  #onSent(): void {
    if (this.#socket.destroyed) return;
    if (this.#waitingFor === 'replies' && this.#late.length === 0) {
      this.#resume('replies');
    } else if (this.#waitingFor === 'room' && !this.#isFarAhead(0.5)) {
      this.#resume('room');
    } else {
      // The client was not silent: it was waiting.
      this.activeAt = this.#options.server.clock.now();
      this.#send(this.activeAt);
      this.#options.onProgress();
    }
  }

  /** Lets other clients go first, because serving the rest of what was read may take long. */
  #letOthers(): void {
    if (this.#waitingFor !== undefined) return;
    this.#wait('turn');
    this.#options.turns.wait(this.#takeTurn);
  }

  readonly #takeTurn = (): void =>
    this.#contain(() => {
      if (!this.#socket.destroyed) this.#resume('turn');
    });

  readonly #onPauseOver = (): void =>
    this.#contain(() => {
      if (!this.#socket.destroyed) this.#resume('pause');
    });

  /**
   * Holds the replies back until the disk has what they reveal. Replies before a command that waits are sent with that
   * command's reply.
   */
  #holdReplies(): void {
    if (this.awaitsCommand) return;
    this.#durable.hold(this.#output.takeReplies(), this.#onDurable);
    if (this.#waitingFor === undefined && this.#isFarAhead(1)) this.#wait('room');
  }

  readonly #onDurable = (): void =>
    this.#contain(() => {
      if (this.#socket.destroyed) return;
      const now = this.#options.server.clock.now();
      for (let replies = this.#durable.take(); replies !== undefined; replies = this.#durable.take()) {
        this.#output.writeReplies(replies, now);
      }
      // The replies of a command that waits, and those of a client that has to, are sent later.
      if (this.#durable.isEmpty && !this.awaitsCommand && this.#waitingFor !== 'penalty') this.#onSent();
    });

  /**
   * Holds the replies back until the penalty is over. Replies before a command that waits are sent with that command's
   * reply.
   */
  #serveOutPenalty(): void {
    if (this.#waitingFor === 'command') return;
    this.#wait('penalty');
    this.#cancelPenalty ??= this.#options.server.clock.after(this.#penalty, this.#onPenaltyOver);
  }

  readonly #onPenaltyOver = (): void =>
    this.#contain(() => {
      this.#penalty = 0;
      this.#cancelPenalty?.();
      this.#cancelPenalty = undefined;
      this.#waitingFor = undefined;
      if (this.#durable.mustWait) this.#holdReplies();
      else this.#send();
      this.#goOn();
    });

  /** Continues when the disk has caught up. */
  readonly #goOn = (): void =>
    this.#contain(() => {
      this.#waitingFor = undefined;
      if (this.#ended) return;
      this.#socket.resume();
      this.#serve();
    });

  /** Sends the replies, and ends the connection if nothing more is to be answered. */
  #send(now?: number): void {
    this.#output.end();
    this.#flush(now);
    const finished = this.#closing || this.#draining;
    if (finished && this.#isIdle()) this.#end();
  }

  /** Writes the replies that are ready, but not the reply of a command that is still waiting. */
  #flush(now = this.#options.server.statistics.mark): void {
    this.#output.flush(this.#waitingFor === 'command', now);
    const { writableNeedDrain, writableLength } = this.#socket;
    const unread = writableNeedDrain && writableLength > this.#replyBacklog;
    // A client that does not read its replies gets no turn either.
    if (unread && (this.#waitingFor === undefined || this.#waitingFor === 'turn')) this.#wait('reader');
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#output.writeBatched();
    endSoon(this.#socket, this.#options.server.clock);
  }

  /** Runs a callback of a timer, the disk or a command. If it throws, only this connection ends. */
  #contain(action: () => void): void {
    try {
      action();
    } catch (fault) {
      this.#fail(fault);
    }
  }

  /** Ends the connection. An error of the client is sent to it. */
  #fail(error: unknown): void {
    if (!(error instanceof ProtocolError)) {
      this.#options.onFault(error);
      return;
    }
    const { counters } = this.#options.server;
    this.#closing = true;
    if (error.ofSize) counters.queryLimitDisconnections++;
    countError(counters, 'ERR');
    // Sending the earlier replies makes room for the error, unless the disk must have something first.
    this.#durable.note();
    if (!this.#durable.mustWait) this.#flush();
    const { reply } = this.#execution;
    reply.begin();
    reply.error(`ERR ${error.message}`);
    if (this.#late.length > 0) this.#late.addWritten();
  }
}
