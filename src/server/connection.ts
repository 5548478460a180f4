import type { Socket } from 'node:net';
import { Arguments } from '../commands/arguments/arguments.js';
import type { User } from '../commands/declaration/permission.js';
import type { AbsentNames } from '../execution/absent-names.js';
import { countError } from '../execution/call.js';
import type { Client, ClientMemory, Context } from '../execution/context/context.js';
import { dispatch } from '../execution/dispatch.js';
import { Transaction } from '../execution/transaction.js';
import type { OutputLimits } from '../option-kinds.js';
import { ProtocolError } from '../resp/protocol-error.js';
import { OutputLimitError, type ReplyEncoder } from '../resp/reply-encoder.js';
import { RequestDecoder, type RequestLimits } from '../resp/request-decoder.js';
import { ClientAccount } from './client-account.js';
import { cutWhenIdle, endSoon } from './end-socket.js';
import type { HeldMemory } from './held-memory.js';
import type { MonitorFeed, MonitoringClient } from './monitor-feed.js';
import { originOf } from './origin.js';
import type { Outbox } from './outbox.js';
import { Output } from './output.js';
import type { PubSubHub } from './pubsub-hub.js';
import type { RepeatedLines } from './repeated-lines.js';
import type { SlowReaders } from './slow-readers.js';
import type { Stranger, Strangers } from './strangers.js';
import type { Turns } from './turns.js';

/** What a connection needs of the server. */
export interface ConnectionOptions extends Pick<Context, 'engine' | 'server'> {
  readonly repeatedLines: RepeatedLines;
  readonly hub: PubSubHub;
  readonly monitors: MonitorFeed;
  readonly absentNames: AbsentNames;
  readonly outbox: Outbox;
  readonly turns: Turns;
  readonly slowReaders: SlowReaders;
  readonly limits: ConnectionLimits;
  /** What all clients hold together. */
  readonly memory: HeldMemory<Connection>;
  readonly strangers: Strangers;
  /** The open connections by id, from which one that ends removes itself. */
  readonly registry: Map<number, Connection>;
  /** Who a client is that need not authenticate; undefined if each must. */
  userWithoutPassword(): User | undefined;
}

/** What is taken from one client. Each is looked at when it matters: it may change while the client is connected. */
export interface ConnectionLimits extends RequestLimits {
  /** Bytes of unread replies past which nothing more is read from the client. */
  readonly replyBacklog: number;
  /** Unread output at which a client is disconnected. */
  readonly output: OutputLimits;
}

/** As `replyBacklog`, which is never less, for a client that has not authenticated: it is owed nothing but errors. */
const STRANGERS_BACKLOG = 16 * 1024;

/** So many attempts to authenticate may fail on one connection. */
const MAX_FAILED_AUTHENTICATIONS = 10;

/** After this many ms of work for one client the others have their turn. */
const TURN_MS = 3;

/**
 * One client: bytes from its socket become requests, requests become replies, and the replies to what
 * was read at once leave in one write.
 *
 * It pulls requests instead of being pushed them, so it can stop between any two: when the client
 * leaves its replies unread, when a command has to wait, when the connection ends.
 */
export class Connection implements MonitoringClient, Stranger {
  readonly id: number;
  readonly address: string;
  readonly localAddress: string;
  readonly onUnixSocket: boolean;
  readonly origin: string;
  readonly connectedAt: number;
  activeAt: number;
  name = '';
  libraryName = '';
  libraryVersion = '';
  user: User | undefined;
  lastCommand = '';
  replyMode: Client['replyMode'] = 'on';
  refusedDatabase: string | undefined;
  noTouch = false;
  noEvict = false;
  readonly channels = new Set<string>();
  readonly patterns = new Set<string>();
  subscriptionBytes = 0;
  readonly transaction: Transaction;

  readonly #socket: Socket;
  readonly #options: ConnectionOptions;
  readonly #decoder: RequestDecoder;
  readonly #output: Output;
  readonly #account: ClientAccount<Connection>;
  readonly #context: Context;
  readonly #args = new Arguments();
  /**
   * What has to happen before the next request is pulled: a command replies, the client reads its replies, the disk
   * has what the replies acknowledge, other clients have had their turn, or the penalty for a wrong password is over.
   */
  #waitingFor: 'command' | 'reader' | 'disk' | 'turn' | 'penalty' | undefined;
  /** With appendfsync always, the position in the journal that must be durable before the replies so far are sent. */
  #durableFirst = 0;
  /** The position in the journal when serving of the latest read began. */
  #servedFrom = 0;
  /** The replies so far acknowledge changes of this client, not only show those of others. */
  #changed = false;
  /** No more requests are pulled: the client said QUIT or broke the protocol. */
  #closing = false;
  /** No more is read, and the connection ends when what was read is answered: the server stops, or the client has ended its side. */
  #draining = false;
  /** The end was sent. */
  #ended = false;
  #failedAuthentications = 0;
  /** Ms for which the replies are held back because of a wrong password. */
  #penalty = 0;
  #cancelPenalty: (() => void) | undefined;
  /** What was read is being served. */
  #served = false;

  /**
   * @param since When it came, in ms: before its TLS handshake, if it had one.
   * @param path The unix socket that it came in on, undefined for TCP.
   */
  constructor(socket: Socket, id: number, options: ConnectionOptions, since: number, path?: string) {
    this.#socket = socket;
    this.id = id;
    this.#options = options;
    this.transaction = new Transaction(options.absentNames);
    this.onUnixSocket = path !== undefined;
    this.origin = originOf(socket.remoteAddress, this.onUnixSocket);
    this.address = path === undefined ? endpoint(socket.remoteAddress, socket.remotePort) : `${path}:0`;
    this.localAddress = path === undefined ? endpoint(socket.localAddress, socket.localPort) : `${path}:0`;
    this.connectedAt = options.server.clock.now();
    this.activeAt = this.connectedAt;
    this.user = options.userWithoutPassword();
    this.#decoder = new RequestDecoder(options.limits);
    this.#decoder.trusted = this.user !== undefined;
    this.#output = this.#makeOutput();
    this.#account = new ClientAccount<Connection>(this, options.memory, options.strangers);
    if (this.user === undefined) this.#account.joinStrangers(since);
    this.#context = { engine: options.engine, server: options.server, client: this, reply: this.#output.reply };
    socket.on('data', (chunk: Buffer) => this.#contain(() => this.#receive(chunk)));
    socket.on('drain', () =>
      this.#contain(() => {
        this.account();
        this.#resume('reader');
      }),
    );
    // The socket closes itself after an error; a client that vanishes is no news.
    socket.on('error', () => {});
    socket.once('end', () => this.#contain(() => this.#finish()));
    socket.once('close', () => this.#contain(() => this.#leave()));
    this.account();
  }

  get protocol(): 2 | 3 {
    return this.#output.reply.protocol;
  }

  get monitoring(): boolean {
    return this.#options.monitors.has(this);
  }

  get subscriptions(): number {
    return this.channels.size + this.patterns.size;
  }

  /** Whether it gets messages that it did not ask for one by one. */
  get listening(): boolean {
    return this.subscriptions > 0 || this.monitoring;
  }

  memory(): ClientMemory {
    const { pending, held } = this.#decoder;
    return {
      query: pending,
      queryFree: held - pending,
      args: this.#decoder.heldBounds,
      transaction: this.transaction.bytes,
      reply: this.#output.held - this.#output.unread,
      output: this.#output.unread,
      subscriptions: this.subscriptionBytes,
    };
  }

  get held(): number {
    const { held, heldBounds } = this.#decoder;
    const { transaction, subscriptionBytes } = this;
    return held + heldBounds + transaction.bytes + this.#output.held + subscriptionBytes;
  }

  /** Whether it may be disconnected to make room: not within a command of its own, which would go on. */
  get evictable(): boolean {
    return !this.noEvict && !this.#served;
  }

  account(): void {
    this.#account.update();
  }

  evict(): void {
    this.#options.server.counters.evictedClients++;
    this.#expel('eviction', 'clients hold too much memory, and it is among those that hold most (maxmemory-clients)');
  }

  dismiss(reason: string): void {
    this.#options.server.counters.unauthenticatedDisconnections++;
    this.#expel('unauthenticated', reason);
  }

  message(channel: string, message: string | Buffer, pattern?: string): void {
    this.#output.message(channel, message, pattern);
  }

  line(text: string): void {
    this.#output.line(text);
  }

  push(write: (messages: ReplyEncoder) => void): void {
    this.#output.push(write);
  }

  admit(user: User): void {
    this.#account.leaveStrangers();
    this.user = user;
    this.#decoder.trusted = true;
  }

  get penalized(): boolean {
    return this.#penalty > 0;
  }

  authenticationFailed(delay: number): void {
    this.#options.server.counters.deniedAuthentications++;
    this.#penalty = Math.max(this.#penalty, delay);
    this.#failedAuthentications++;
    if (this.#failedAuthentications < MAX_FAILED_AUTHENTICATIONS || this.#closing) return;
    this.#options.repeatedLines.warning(
      'authentication',
      `${this.#what()} disconnected: ${this.#failedAuthentications} attempts to authenticate failed`,
    );
    this.closeAfterReply();
  }

  reset(): void {
    this.#stopListening();
    this.#output.reply.protocol = 2;
    this.transaction.end();
    this.name = '';
    this.replyMode = 'on';
    this.refusedDatabase = undefined;
    this.noTouch = false;
    this.noEvict = false;
    this.user = this.#options.userWithoutPassword();
    if (this.user === undefined) this.#account.joinStrangers(this.#options.server.clock.now());
    else this.#account.leaveStrangers();
    this.#decoder.trusted = this.user !== undefined;
  }

  closeAfterReply(): void {
    this.#closing = true;
  }

  kill(): void {
    this.#closing = true;
    this.#leave();
    this.#socket.destroy();
  }

  /** Answers what was read, then ends the connection; cuts it if the client stops reading the replies. */
  close(): void {
    this.#draining = true;
    // There is nothing more to guess.
    if (this.#waitingFor === 'penalty') this.#onPenaltyOver();
    if (this.#waitingFor === undefined) this.#end();
    else cutWhenIdle(this.#socket, this.#options.server.clock, () => this.#waitingFor !== 'reader');
  }

  /**
   * To be called about once a second: ends a connection that has been silent or left its output unread for too long.
   * @param now In ms. @param timeout Ms of silence; 0 for no limit.
   */
  checkPatience(now: number, timeout: number): void {
    this.account();
    this.#output.checkSoftLimit(now);
    if (timeout === 0 || this.listening || this.#isBusy || now - this.activeAt < timeout) return;
    this.#options.server.counters.timedOut++;
    this.kill();
  }

  #makeOutput(): Output {
    const { outbox, server, limits } = this.#options;
    return new Output(this.#socket, {
      outbox,
      limit: () => (this.listening ? limits.output.pubsub : limits.output.normal),
      replyLimit: {
        get maxBytes() {
          return limits.output.normal.hard || Infinity;
        },
      },
      onWrite: (bytes) => {
        server.counters.output += bytes;
      },
      onHeldChange: () => this.account(),
      onBehind: () => this.#options.slowReaders.add(this.#output),
      onOverflow: () => this.#overflow('its output is not read'),
      onFault: (fault) => this.#fail(fault),
    });
  }

  #receive(chunk: Buffer): void {
    this.#options.server.counters.input += chunk.length;
    if (this.#closing || this.#draining) return;
    this.#decoder.push(chunk);
    if (this.#waitingFor === undefined) {
      this.#serve();
    } else {
      this.activeAt = this.#options.server.clock.now();
      this.account();
    }
  }

  /** It is we who keep the client waiting. */
  get #isBusy(): boolean {
    return this.#waitingFor !== undefined && this.#waitingFor !== 'reader';
  }

  #wait(reason: 'command' | 'reader' | 'disk' | 'turn' | 'penalty'): void {
    this.#waitingFor = reason;
    this.#socket.pause();
  }

  #resume(reason: 'command' | 'reader' | 'turn'): void {
    if (this.#waitingFor !== reason || this.#ended) return;
    this.#waitingFor = undefined;
    this.#socket.resume();
    this.#serve();
  }

  /** Answers what is at hand. */
  #serve(): void {
    const { reply } = this.#context;
    const { statistics, durability } = this.#options.server;
    let served = false;
    this.#served = true;
    this.#servedFrom = durability?.position ?? 0;
    const begun = statistics.begin();
    this.activeAt = begun;
    this.#output.begin();
    try {
      while (!this.#closing && this.#waitingFor === undefined && this.#penalty === 0) {
        const request = this.#decoder.next();
        if (request === undefined) break;
        served = true;
        const running = dispatch(this.#context, this.#args, request);
        if (running !== undefined) this.#await(running);
        else this.#output.settle();
        if (this.#penalty > 0 || durability?.isBehind) break;
        if (statistics.mark - begun >= TURN_MS && this.#decoder.pending > 0) {
          this.#letOthers();
          break;
        }
        if (reply.length <= STRANGERS_BACKLOG || reply.length <= this.#replyBacklog) continue;
        this.#noteChanges();
        if (this.#durableFirst > 0) break;
        this.#flush();
      }
    } catch (error) {
      this.#fail(error);
    }
    statistics.end();
    if (served) this.#noteChanges();
    if (this.#waitingFor !== 'command') this.#args.release();
    if (this.#penalty > 0) this.#serveOutPenalty();
    else if (this.#durableFirst > 0) this.#holdReplies();
    else this.#send();
    if (this.#waitingFor === undefined && !this.#ended && durability?.isBehind) {
      this.#wait('disk');
      durability.whenCaughtUp(this.#goOn);
    }
    if (this.#isBusy) reply.keep();
    this.#served = false;
    this.account();
  }

  /** Bytes of unread replies past which nothing more is read from the client. */
  get #replyBacklog(): number {
    const { replyBacklog } = this.#options.limits;
    return this.user === undefined ? STRANGERS_BACKLOG : replyBacklog;
  }

  /** Serves the rest of what was read after other clients: all of it may take long. */
  #letOthers(): void {
    if (this.#waitingFor !== undefined) return;
    this.#wait('turn');
    this.#options.turns.wait(this.#takeTurn);
  }

  readonly #takeTurn = (): void =>
    this.#contain(() => {
      if (!this.#socket.destroyed) this.#resume('turn');
    });

  /**
   * With appendfsync always, everything done so far must be durable before the replies are sent, not only what this client did: it may
   * have read what another client wrote, or learn that a session is gone. While the disk fails, writes are refused, and clients that
   * only read do not wait.
   */
  #noteChanges(): void {
    const { durability } = this.#options.server;
    if (!durability?.isStrict || durability.failure !== undefined || durability.isDurable) return;
    this.#durableFirst = durability.position;
    this.#changed ||= durability.position > this.#servedFrom;
  }

  /** Holds the replies back until the disk has what they reveal; those before a command that waits are sent with its own. */
  #holdReplies(): void {
    if (this.#waitingFor === 'command') return;
    const { durability } = this.#options.server;
    this.#wait('disk');
    if (this.#changed) durability?.whenDurable(this.#durableFirst, this.#onDurable);
    else durability?.whenDurableOrFailing(this.#durableFirst, this.#onDurable);
  }

  readonly #onDurable = (): void =>
    this.#contain(() => {
      this.#durableFirst = 0;
      this.#changed = false;
      if (this.#waitingFor !== 'disk') return;
      this.#waitingFor = undefined;
      this.#sendHeld();
    });

  /** Holds the replies back until the penalty is over; those before a command that waits are sent with its own. */
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
      if (this.#durableFirst > 0) {
        this.#holdReplies();
        return;
      }
      this.#sendHeld();
    });

  /** Sends replies that were held back, and goes on: there may be requests left to serve even if nothing more is read. */
  #sendHeld(): void {
    this.#output.end();
    this.#flush();
    if (this.#waitingFor === undefined) this.#goOn();
  }

  /** The disk has what it is to have first. */
  readonly #goOn = (): void =>
    this.#contain(() => {
      this.#waitingFor = undefined;
      if (this.#ended) return;
      this.#socket.resume();
      this.#serve();
    });

  /** Lets the replies leave. */
  #send(): void {
    this.#output.end();
    this.#flush();
    const finished = this.#closing || this.#draining;
    if (finished && this.#waitingFor === undefined) this.#end();
  }

  #await(running: Promise<void>): void {
    this.#wait('command');
    const goOn = () =>
      this.#contain(() => {
        this.#noteChanges();
        this.#resume('command');
      });
    running.then(goOn, (error: unknown) => {
      this.#fail(error);
      goOn();
    });
  }

  /** Runs a callback of the socket, a timer or the disk. If it throws, only this connection ends. */
  #contain(act: () => void): void {
    try {
      act();
    } catch (fault) {
      this.#fail(fault);
    }
  }

  /** Writes the replies that are ready; that of a command which has to wait is not. */
  #flush(): void {
    this.#output.flush(this.#waitingFor === 'command');
    const { writableNeedDrain, writableLength } = this.#socket;
    const unread = writableNeedDrain && writableLength > this.#replyBacklog;
    // A client that does not read has no turn either.
    if (unread && (this.#waitingFor === undefined || this.#waitingFor === 'turn')) this.#wait('reader');
  }

  /** The client sends nothing more: the connection ends when what was read is answered. */
  #finish(): void {
    this.#draining = true;
    if (this.#waitingFor === undefined) this.#end();
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    endSoon(this.#socket, this.#options.server.clock);
  }

  /** Ends the connection: for an error of the client, which is sent to it, or an internal error, which is logged. */
  #fail(error: unknown): void {
    const { counters, reportFault } = this.#options.server;
    if (error instanceof OutputLimitError) {
      this.#overflow(error.message);
      return;
    }
    if (!(error instanceof ProtocolError)) {
      reportFault(error);
      this.kill();
      return;
    }
    this.#closing = true;
    if (error.ofSize) counters.queryLimitDisconnections++;
    countError(counters, 'ERR');
    // What was answered so far makes room for the reason, unless the disk must have it first.
    this.#noteChanges();
    if (this.#durableFirst === 0) this.#flush();
    this.#context.reply.error(`ERR ${error.message}`);
  }

  #overflow(reason: string): void {
    if (this.#socket.destroyed) return;
    const { repeatedLines, server } = this.#options;
    server.counters.outputLimitDisconnections++;
    const limitClass = this.listening ? 'pubsub' : 'normal';
    repeatedLines.warning(
      'output limit',
      `${this.#what()} disconnected: ${reason} (client-output-buffer-limit ${limitClass})`,
    );
    this.kill();
  }

  /** Disconnects a client that did nothing wrong. It is sent the reason, unless that could be taken for a reply. */
  #expel(kind: 'eviction' | 'unauthenticated', reason: string): void {
    if (this.#account.isClosed) return;
    this.#options.repeatedLines.warning(kind, `${this.#what()} disconnected: ${reason}`);
    if (!this.#served && !this.#isBusy && this.#output.unread === 0) this.#socket.write(`-ERR ${reason}\r\n`);
    this.kill();
  }

  #leave(): void {
    this.#options.registry.delete(this.id);
    this.#stopListening();
    this.transaction.end();
    this.#cancelPenalty?.();
    this.#account.close();
  }

  #stopListening(): void {
    this.#options.hub.remove(this);
    this.#options.monitors.remove(this);
  }

  #what(): string {
    return `client ${this.id} (${this.address})`;
  }
}

/** An address and a port as Redis writes them. */
function endpoint(address = '?', port = 0): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
