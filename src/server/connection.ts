import type { Socket } from 'node:net';
import { Arguments } from '../commands/arguments/arguments.js';
import { PERMISSIONS } from '../commands/declaration/permission.js';
import { endpoint } from '../endpoint.js';
import type { AbsentNames } from '../execution/absent-names.js';
import { countError } from '../execution/call.js';
import type { Client } from '../execution/context/client.js';
import type { ClientMemory } from '../execution/context/client-memory.js';
import type { User } from '../execution/context/user.js';
import { dispatch } from '../execution/dispatch.js';
import { exec } from '../execution/exec.js';
import type { Execution } from '../execution/execution.js';
import { clientFields, clientText } from '../execution/observing/client-text.js';
import { ClientTransaction } from '../execution/transaction.js';
import type { IncidentName } from '../log/incident-kinds.js';
import type { OutputLimits } from '../option-kinds.js';
import { originOf } from '../origin.js';
import { ProtocolError } from '../resp/protocol-error.js';
import { OutputLimitError, type ReplyEncoder } from '../resp/reply-encoder.js';
import { RequestDecoder, type RequestLimits } from '../resp/request-decoder.js';
import { ClientAccount } from './client-account.js';
import { cutWhenIdle, endSoon } from './end-socket.js';
import type { HeldMemory } from './held-memory.js';
import type { Incidents } from './incidents.js';
import type { MonitorFeed, MonitoringClient } from './monitor-feed.js';
import type { Outbox } from './outbox.js';
import { Output } from './output.js';
import type { PubSubHub } from './pubsub-hub.js';
import { onBytes } from './read-buffer.js';
import type { SlowReaders } from './slow-readers.js';
import type { Stranger, Strangers } from './strangers.js';
import type { Turns } from './turns.js';

/** What a connection needs from the server. */
export interface ConnectionOptions extends Pick<Execution, 'engine' | 'server' | 'commands'> {
  readonly incidents: Incidents;
  readonly hub: PubSubHub;
  readonly monitors: MonitorFeed;
  readonly absentNames: AbsentNames;
  readonly outbox: Outbox;
  readonly turns: Turns;
  readonly slowReaders: SlowReaders;
  readonly limits: ConnectionLimits;
  /** The memory of all clients. */
  readonly memory: HeldMemory<Connection>;
  readonly strangers: Strangers;
  /** The open connections by id. A connection that ends removes itself. */
  readonly registry: Map<number, Connection>;
  /** Returns the user of a client that does not have to authenticate, or undefined if each client must. */
  userWithoutPassword(): User | undefined;
}

/** Limits of one client. Read a limit each time it is used: it may change while the client is connected. */
export interface ConnectionLimits extends RequestLimits {
  /** Bytes of unread replies beyond which nothing more is read from the client. */
  readonly replyBacklog: number;
  /** The limit of unread output at which a client is disconnected. */
  readonly output: OutputLimits;
  /** Names what limits the unread output of a class of clients, for the log. */
  outputLimitName(limitClass: keyof OutputLimits): string;
}

/**
 * Bytes of unread replies beyond which nothing more is read from a client that has not authenticated. Such a client can
 * receive only errors. `replyBacklog` is never lower.
 */
const STRANGERS_BACKLOG = 16 * 1024;

/** The most failed attempts to authenticate on one connection. */
const MAX_FAILED_AUTHENTICATIONS = 10;

/** After this many ms of work for one client, the other clients are served. */
const TURN_MS = 3;

/**
 * One client. Bytes from its socket become requests, requests become replies, and the replies to all requests of one
 * read are sent in one write.
 *
 * It pulls requests from the decoder, so it can stop between any two: when the client leaves its replies unread, when a
 * command has to wait, when the connection ends.
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
  readonly transaction: ClientTransaction;

  readonly #socket: Socket;
  readonly #options: ConnectionOptions;
  readonly #decoder: RequestDecoder;
  readonly #output: Output;
  readonly #account: ClientAccount<Connection>;
  readonly #execution: Execution;
  readonly #args = new Arguments();
  /** The progress of the output when patience was last checked. */
  #progress = 0;
  /**
   * What the next request waits for: the reply of a command, the client to read its replies, the disk to have what the
   * replies acknowledge, the other clients' turn, or the end of the penalty for a wrong password.
   */
  #waitingFor: 'command' | 'reader' | 'disk' | 'turn' | 'penalty' | undefined;
  /** With appendfsync always: the position in the journal that must be durable before the current replies are sent. */
  #durableFirst = 0;
  /** The position in the journal before the latest read was served. */
  #servedFrom = 0;
  /** Whether the current replies acknowledge changes by this client, and do not only show those of others. */
  #changed = false;
  /** Whether no more requests are pulled: the client sent QUIT or violated the protocol. */
  #closing = false;
  /**
   * Whether nothing more is read, and the connection ends once everything that was read is answered: the server is
   * stopping, or the client has ended its side.
   */
  #draining = false;
  /** Whether the end has been sent. */
  #ended = false;
  #failedAuthentications = 0;
  /** For how many ms the replies are held back because of a wrong password. */
  #penalty = 0;
  #cancelPenalty: (() => void) | undefined;
  /** Whether requests are being served. */
  #serving = false;

  /**
   * @param since When the client connected, in ms: before the TLS handshake, if there was one.
   * @param path The unix socket that accepted the connection, undefined for TCP.
   */
  constructor(socket: Socket, id: number, options: ConnectionOptions, since: number, path?: string) {
    this.#socket = socket;
    this.id = id;
    this.#options = options;
    this.transaction = new ClientTransaction(options.absentNames);
    this.onUnixSocket = path !== undefined;
    this.origin = originOf(socket.remoteAddress, this.onUnixSocket);
    this.address = path === undefined ? endpoint(socket.remoteAddress ?? '?', socket.remotePort ?? 0) : `${path}:0`;
    this.localAddress = path === undefined ? endpoint(socket.localAddress ?? '?', socket.localPort ?? 0) : `${path}:0`;
    this.connectedAt = options.server.clock.now();
    this.activeAt = this.connectedAt;
    this.user = options.userWithoutPassword();
    this.#decoder = new RequestDecoder(options.limits);
    this.#decoder.trusted = this.user !== undefined;
    this.#output = this.#makeOutput();
    this.#account = new ClientAccount<Connection>(this, options.memory, options.strangers);
    if (this.user === undefined) this.#account.joinStrangers(since);
    this.#execution = {
      engine: options.engine,
      server: options.server,
      client: this,
      reply: this.#output.reply,
      commands: options.commands,
      transaction: this.transaction,
    };
    onBytes(socket, (bytes, length) => this.#contain(() => this.#receive(bytes, length)));
    socket.on('drain', () =>
      this.#contain(() => {
        this.account();
        this.#resume('reader');
      }),
    );
    // The socket closes itself after an error. A client that vanishes is not worth a log line.
    socket.on('error', () => {});
    socket.once('end', () => this.#contain(() => this.#finish()));
    socket.once('close', () => this.#contain(() => this.#leave()));
    this.account();
    this.#logWhen('connected');
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

  /** Whether the client receives messages that it did not request individually. */
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

  /** Whether it may be disconnected to free memory. Not while it runs a command: the command would go on. */
  get evictable(): boolean {
    return !this.noEvict && !this.#serving;
  }

  account(): void {
    this.#account.update();
  }

  evict(): void {
    this.#options.server.counters.evictedClients++;
    this.#expel(
      'client-memory',
      'all clients together hold too much memory, and this client is among the largest (maxmemory-clients)',
    );
  }

  dismiss(reason: string): void {
    this.#options.server.counters.unauthenticatedDisconnections++;
    this.#expel('unauthenticated', reason);
  }

  message(channel: string, message: string | Buffer, pattern?: string): void {
    // The client may have left before all its subscriptions are removed.
    if (!this.#socket.destroyed) this.#output.message(channel, message, pattern);
  }

  line(text: string): void {
    this.#output.line(text);
  }

  push(write: (messages: ReplyEncoder) => void): void {
    this.#output.push(write);
  }

  holdMessages(): void {
    this.#output.hold();
  }

  get gone(): boolean {
    return this.#account.isClosed;
  }

  admit(user: User): void {
    this.#account.leaveStrangers();
    this.user = user;
    this.#decoder.trusted = true;
  }

  /** See `ReloadedClient`. */
  changeUser(user: User | undefined): boolean {
    if (this.user === undefined) return false;
    const needs = (this.subscriptions > 0 ? PERMISSIONS.events : 0) | (this.monitoring ? PERMISSIONS.admin : 0);
    this.user = user ?? { name: this.user.name, permissions: 0 };
    if (user !== undefined && (needs & ~user.permissions) === 0) return false;
    // If it asked for the reload itself, it gets the reply first.
    setImmediate(() => this.#contain(() => this.kill()));
    return true;
  }

  exec(): void | Promise<void> {
    return exec(this.#execution);
  }

  get penalized(): boolean {
    return this.#penalty > 0;
  }

  authenticationFailed(delay: number): void {
    this.#options.server.counters.deniedAuthentications++;
    this.#penalty = Math.max(this.#penalty, delay);
    this.#failedAuthentications++;
    if (this.#failedAuthentications < MAX_FAILED_AUTHENTICATIONS || this.#closing) return;
    // The failed attempts have been reported, by address.
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

  /** Answers what was read, then ends the connection. Cuts it if the client stops reading its replies. */
  close(): void {
    this.#draining = true;
    // No further guesses can follow.
    if (this.#waitingFor === 'penalty') this.#onPenaltyOver();
    if (this.#waitingFor === undefined) this.#end();
    else cutWhenIdle(this.#socket, this.#options.server.clock, () => this.#waitingFor !== 'reader');
  }

  /**
   * Ends the connection if the client has been silent, or has left its output unread, for too long. Call this about
   * once a second.
   * @param now In ms.
   * @param timeout The most ms of silence; 0 for no limit.
   */
  checkPatience(now: number, timeout: number): void {
    this.account();
    this.#output.checkSoftLimit(now);
    const { progress, unread } = this.#output;
    // A client that is still reading a long reply is not silent.
    if (unread > 0 && progress !== this.#progress) this.activeAt = now;
    this.#progress = progress;
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

  /** @param length How many of the bytes the socket has received. They are valid only until this returns. */
  #receive(bytes: Buffer, length: number): void {
    this.#options.server.counters.input += length;
    if (this.#closing || this.#draining) return;
    this.#decoder.push(bytes, length);
    if (this.#waitingFor === undefined) {
      this.#serve();
    } else {
      this.#decoder.keep();
      this.activeAt = this.#options.server.clock.now();
      this.account();
    }
  }

  /** Whether the client is waiting for the server. */
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

  /** Answers what has been read. */
  #serve(): void {
    const { reply } = this.#execution;
    const { statistics, durability } = this.#options.server;
    let served = false;
    this.#serving = true;
    this.#servedFrom = durability?.position ?? 0;
    const begun = statistics.begin();
    this.activeAt = begun;
    this.#output.begin();
    try {
      while (!this.#closing && this.#waitingFor === undefined && this.#penalty === 0) {
        const request = this.#decoder.next();
        if (request === undefined) break;
        served = true;
        const running = dispatch(this.#execution, this.#args, request);
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
    this.#decoder.keep();
    if (this.#isBusy) reply.keep();
    this.#serving = false;
    this.account();
  }

  /** Bytes of unread replies beyond which nothing more is read from the client. */
  get #replyBacklog(): number {
    const { replyBacklog } = this.#options.limits;
    return this.user === undefined ? STRANGERS_BACKLOG : replyBacklog;
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

  /**
   * With appendfsync always, everything done so far must be durable before the replies are sent, not only what this
   * client did: it may have read what another client wrote, or learnt that a session is gone. While the disk fails,
   * writes are refused, and clients that only read do not wait.
   */
  #noteChanges(): void {
    const { durability } = this.#options.server;
    if (!durability?.isStrict || durability.failure !== undefined || durability.isDurable) return;
    this.#durableFirst = durability.position;
    this.#changed ||= durability.position > this.#servedFrom;
  }

  /**
   * Holds the replies back until the disk has what they reveal. Replies before a command that waits are sent with that
   * command's reply.
   */
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
      if (this.#durableFirst > 0) {
        this.#holdReplies();
        return;
      }
      this.#sendHeld();
    });

  /** Sends replies that were held back, and continues: requests may be left to serve even if no more bytes arrive. */
  #sendHeld(): void {
    this.#output.end();
    this.#flush();
    if (this.#waitingFor === undefined) this.#goOn();
  }

  /** Continues when the disk has caught up. */
  readonly #goOn = (): void =>
    this.#contain(() => {
      this.#waitingFor = undefined;
      if (this.#ended) return;
      this.#socket.resume();
      this.#serve();
    });

  /** Sends the replies, and ends the connection if nothing more is to be answered. */
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
        this.#output.release();
        this.#resume('command');
      });
    running.then(goOn, (error: unknown) => {
      this.#fail(error);
      goOn();
    });
  }

  /** Runs a callback of the socket, a timer or the disk. If it throws, only this connection ends. */
  #contain(action: () => void): void {
    try {
      action();
    } catch (fault) {
      this.#fail(fault);
    }
  }

  /** Writes the replies that are ready, but not the reply of a command that is still waiting. */
  #flush(): void {
    this.#output.flush(this.#waitingFor === 'command');
    const { writableNeedDrain, writableLength } = this.#socket;
    const unread = writableNeedDrain && writableLength > this.#replyBacklog;
    // A client that does not read its replies gets no turn either.
    if (unread && (this.#waitingFor === undefined || this.#waitingFor === 'turn')) this.#wait('reader');
  }

  /** Call this when the client has ended its side. The connection ends once everything that was read is answered. */
  #finish(): void {
    this.#draining = true;
    if (this.#waitingFor === undefined) this.#end();
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    endSoon(this.#socket, this.#options.server.clock);
  }

  /**
   * Ends the connection, either for an error of the client, which is sent to it, or for an internal error, which is
   * logged.
   */
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
    // Sending the earlier replies makes room for the error, unless the disk must have something first.
    this.#noteChanges();
    if (this.#durableFirst === 0) this.#flush();
    this.#execution.reply.error(`ERR ${error.message}`);
  }

  #overflow(reason: string): void {
    if (this.#socket.destroyed) return;
    const { server } = this.#options;
    server.counters.outputLimitDisconnections++;
    const limitClass = this.listening ? 'pubsub' : 'normal';
    this.#report('output-limit', `${reason} (${this.#options.limits.outputLimitName(limitClass)})`);
    this.kill();
  }

  /** Disconnects a client that did nothing wrong. It is sent the reason, unless it could mistake that for a reply. */
  #expel(incident: 'client-memory' | 'unauthenticated', reason: string): void {
    if (this.#account.isClosed) return;
    this.#report(incident, reason);
    if (!this.#serving && !this.#isBusy && this.#output.unread === 0) this.#socket.write(`-ERR ${reason}\r\n`);
    this.kill();
  }

  #leave(): void {
    const { hub, monitors, registry } = this.#options;
    registry.delete(this.id);
    monitors.remove(this);
    if (this.subscriptions > 0) this.#removeSubscriptions(hub.removing(this));
    this.transaction.end();
    this.#cancelPenalty?.();
    if (!this.#account.isClosed) this.#logWhen('disconnected');
    this.#account.close();
  }

  /** Removes some subscriptions, and the next ones when other clients have been served. */
  #removeSubscriptions(steps: Iterator<void>): void {
    if (!steps.next().done) this.#options.turns.wait(() => this.#contain(() => this.#removeSubscriptions(steps)));
  }

  #stopListening(): void {
    this.#options.hub.remove(this);
    this.#options.monitors.remove(this);
  }

  #logWhen(event: 'connected' | 'disconnected'): void {
    const { log } = this.#options.server;
    if (log.isOn('verbose')) log.verbose(`${clientText(this)} ${event}`, { event, ...clientFields(this) });
  }

  /** Reports that the client is disconnected. */
  #report(incident: IncidentName, reason: string): void {
    const client = clientText(this);
    const fields = clientFields(this);
    this.#options.incidents.report(incident, { message: `${client} disconnected: ${reason}`, client, fields });
  }
}
