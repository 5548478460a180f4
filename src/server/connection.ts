import type { Socket } from 'node:net';
import { PERMISSIONS } from '../commands/declaration/permission.js';
import { endpoint } from '../endpoint.js';
import type { AbsentNames } from '../execution/absent-names.js';
import type { Client, ScriptCall } from '../execution/context/client.js';
import type { ClientMemory } from '../execution/context/client-memory.js';
import type { User } from '../execution/context/user.js';
import { exec } from '../execution/exec.js';
import type { Execution } from '../execution/execution.js';
import { clientFields, clientText } from '../execution/observing/client-text.js';
import { runScript } from '../execution/run-script.js';
import { ClientTransaction } from '../execution/transaction.js';
import type { IncidentName } from '../log/incident-kinds.js';
import type { OutputLimits } from '../option-kinds.js';
import { originOf } from '../origin.js';
import { OutputLimitError, type ReplyEncoder } from '../resp/reply-encoder.js';
import { RequestDecoder, type RequestLimits } from '../resp/request-decoder.js';
import type { Script } from '../scripting/scripts.js';
import { ClientAccount } from './client-account.js';
import type { HeldMemory } from './held-memory.js';
import type { Incidents } from './incidents.js';
import type { MonitorFeed, MonitoringClient } from './monitor-feed.js';
import type { Outbox } from './outbox.js';
import { Output } from './output.js';
import type { Pausing } from './pausing.js';
import type { PubSubHub } from './pubsub-hub.js';
import { onBytes } from './read-buffer.js';
import type { ReplyBatch } from './reply-batch.js';
import { RequestLoop } from './request-loop.js';
import type { SlowReaders } from './slow-readers.js';
import type { Stranger, Strangers } from './strangers.js';
import type { Turns } from './turns.js';

/** What a connection needs from the server. */
export interface ConnectionOptions
  extends Readonly<Pick<Execution, 'engine' | 'store' | 'storeAtOnce' | 'transactions' | 'server' | 'commands'>> {
  readonly incidents: Incidents;
  readonly hub: PubSubHub;
  readonly monitors: MonitorFeed;
  readonly absentNames: AbsentNames;
  readonly outbox: Outbox;
  readonly batch: ReplyBatch;
  readonly turns: Turns;
  readonly pausing: Pausing;
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

/** The most failed attempts to authenticate on one connection. */
const MAX_FAILED_AUTHENTICATIONS = 10;

/**
 * One client: who it is, what it has set and subscribed to, the memory that it holds, and why it is disconnected. Its
 * requests are served by a `RequestLoop`.
 */
export class Connection implements MonitoringClient, Stranger {
  readonly id: number;
  readonly address: string;
  readonly localAddress: string;
  readonly onUnixSocket: boolean;
  readonly origin: string;
  readonly connectedAt: number;
  name = '';
  libraryName = '';
  libraryVersion = '';
  user: User | undefined;
  lastCommand = '';
  replyMode: Client['replyMode'] = 'on';
  database = 0;
  tracking: Client['tracking'] = undefined;
  blocked: Client['blocked'] = undefined;
  noTouch = false;
  noEvict = false;
  readonly channels = new Set<string>();
  readonly patterns = new Set<string>();
  readonly shardChannels = new Set<string>();
  subscriptionBytes = 0;
  readonly transaction: ClientTransaction;

  readonly #socket: Socket;
  readonly #options: ConnectionOptions;
  readonly #decoder: RequestDecoder;
  readonly #output: Output;
  readonly #account: ClientAccount<Connection>;
  readonly #execution: Execution;
  readonly #requests: RequestLoop;
  /** The progress of the output when patience was last checked. */
  #progress = 0;
  #failedAuthentications = 0;

  /**
   * @param since When the client connected, in ms: before the TLS handshake, if there was one.
   * @param path The unix socket that accepted the connection, undefined for TCP.
   */
  constructor(socket: Socket, id: number, options: ConnectionOptions, since: number, path?: string) {
    this.#socket = socket;
    this.id = id;
    this.#options = options;
    this.transaction = new ClientTransaction(options.absentNames, options.transactions);
    this.onUnixSocket = path !== undefined;
    this.origin = originOf(socket.remoteAddress, this.onUnixSocket);
    this.address = path === undefined ? endpoint(socket.remoteAddress ?? '?', socket.remotePort ?? 0) : `${path}:0`;
    this.localAddress = path === undefined ? endpoint(socket.localAddress ?? '?', socket.localPort ?? 0) : `${path}:0`;
    this.connectedAt = options.server.clock.now();
    this.user = options.userWithoutPassword();
    this.#decoder = new RequestDecoder(options.limits);
    this.#decoder.trusted = this.user !== undefined;
    this.#output = this.#makeOutput();
    this.#account = new ClientAccount<Connection>(this, options.memory, options.strangers);
    if (this.user === undefined) this.#account.joinStrangers(since);
    this.#execution = {
      store: options.store,
      storeAtOnce: options.storeAtOnce,
      engine: options.engine,
      transactions: options.transactions,
      server: options.server,
      client: this,
      reply: this.#output.reply,
      commands: options.commands,
      transaction: this.transaction,
    };
    this.#requests = new RequestLoop({
      socket,
      server: options.server,
      decoder: this.#decoder,
      output: this.#output,
      execution: this.#execution,
      turns: options.turns,
      pausing: options.pausing,
      connectedAt: this.connectedAt,
      limits: options.limits,
      onProgress: () => this.account(),
      onFault: (fault) => this.#fail(fault),
    });
    onBytes(socket, (bytes, length) => {
      options.server.counters.input += length;
      this.#contain(() => this.#requests.receive(bytes, length));
    });
    socket.on('drain', () =>
      this.#contain(() => {
        this.account();
        this.#requests.drained();
      }),
    );
    // The socket closes itself after an error. A client that vanishes is not worth a log line.
    socket.on('error', () => {});
    socket.once('end', () => this.#contain(() => (this.blocked === undefined ? this.#requests.finish() : this.kill())));
    socket.once('close', () => this.#contain(() => this.#leave()));
    this.account();
    this.#logWhen('connected');
  }

  get activeAt(): number {
    return this.#requests.activeAt;
  }

  get protocol(): 2 | 3 {
    return this.#output.reply.protocol;
  }

  get monitoring(): boolean {
    return this.#options.monitors.has(this);
  }

  get subscriptions(): number {
    return this.channels.size + this.patterns.size + this.shardChannels.size;
  }

  /** Whether the client receives messages that it did not request individually. */
  get listening(): boolean {
    return this.subscriptions > 0 || this.monitoring;
  }

  memory(): ClientMemory {
    const { pending, held } = this.#decoder;
    return {
      query: pending + this.#requests.held,
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
    return held + heldBounds + this.#requests.held + transaction.bytes + this.#output.held + subscriptionBytes;
  }

  /** Whether it may be disconnected to free memory. Not while it runs a command: the command would go on. */
  get evictable(): boolean {
    return !this.noEvict && !this.#requests.isServing;
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

  shardMessage(channel: string, message: string | Buffer): void {
    if (!this.#socket.destroyed) this.#output.shardMessage(channel, message);
  }

  line(text: string): void {
    this.#output.line(text);
  }

  push(write: (messages: ReplyEncoder) => void): void {
    this.#output.push(write);
  }

  pushAfterReply(write: (messages: ReplyEncoder) => void): void {
    if (this.#requests.awaitsCommand) this.#output.hold();
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
    const hearsAll = this.subscriptions > 0 || this.tracking?.mode === 'bcast' || this.blocked !== undefined;
    const needs = (hearsAll ? PERMISSIONS.events : 0) | (this.monitoring ? PERMISSIONS.admin : 0);
    this.user = user ?? { name: this.user.name, permissions: 0 };
    if (user !== undefined && (needs & ~user.permissions) === 0) return false;
    // If it asked for the reload itself, it gets the reply first.
    setImmediate(() => this.#contain(() => this.kill()));
    return true;
  }

  exec(): void | Promise<void> {
    return exec(this.#execution);
  }

  runScript(script: Script, call: ScriptCall): void | Promise<void> {
    return runScript(this.#execution, script, call);
  }

  get penalized(): boolean {
    return this.#requests.penalized;
  }

  authenticationFailed(delay: number): void {
    this.#options.server.counters.deniedAuthentications++;
    this.#requests.penalize(delay);
    this.#failedAuthentications++;
    // The failed attempts have been reported, by address.
    if (this.#failedAuthentications >= MAX_FAILED_AUTHENTICATIONS) this.closeAfterReply();
  }

  reset(): void {
    this.#stopListening();
    this.#output.reply.protocol = 2;
    this.transaction.end();
    this.name = '';
    this.replyMode = 'on';
    this.database = 0;
    this.noTouch = false;
    this.noEvict = false;
    this.user = this.#options.userWithoutPassword();
    if (this.user === undefined) this.#account.joinStrangers(this.#options.server.clock.now());
    else this.#account.leaveStrangers();
    this.#decoder.trusted = this.user !== undefined;
  }

  closeAfterReply(): void {
    this.#requests.serveNoMore();
  }

  kill(): void {
    this.#requests.serveNoMore();
    this.#output.writeBatched();
    this.#leave();
    this.#socket.destroy();
  }

  /** Answers what was read, then ends the connection. Cuts it if the client stops reading its replies. */
  close(): void {
    // What it waits for does not come any more.
    if (this.blocked === undefined) this.#requests.close();
    else this.kill();
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
    if (unread > 0 && progress !== this.#progress) this.#requests.activeAt = now;
    this.#progress = progress;
    if (timeout === 0 || this.listening || this.#requests.isBusy || now - this.activeAt < timeout) return;
    this.#options.server.counters.timedOut++;
    this.kill();
  }

  #makeOutput(): Output {
    const { outbox, batch, server, limits } = this.#options;
    return new Output(this.#socket, {
      outbox,
      batch,
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

  /** Runs a callback of the socket or a timer. If it throws, only this connection ends. */
  #contain(action: () => void): void {
    try {
      action();
    } catch (fault) {
      this.#fail(fault);
    }
  }

  /** Ends the connection for an internal error, or because a reply is too large. */
  #fail(error: unknown): void {
    if (error instanceof OutputLimitError) {
      this.#overflow(error.message);
      return;
    }
    this.#options.server.reportFault(error);
    this.kill();
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
    this.#output.writeBatched();
    const { isServing, isBusy } = this.#requests;
    if (!isServing && !isBusy && this.#output.unread === 0) this.#socket.write(`-ERR ${reason}\r\n`);
    this.kill();
  }

  #leave(): void {
    const { hub, monitors, registry } = this.#options;
    registry.delete(this.id);
    monitors.remove(this);
    this.#options.server.tracking.stop(this);
    if (this.subscriptions > 0) this.#removeSubscriptions(hub.removing(this));
    this.transaction.end();
    this.#requests.cancelPenalty();
    if (this.blocked !== undefined) {
      this.#requests.serveNoMore();
      this.blocked.cancel();
    }
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
    this.#options.server.tracking.stop(this);
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
