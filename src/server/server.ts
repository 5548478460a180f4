import { randomBytes } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { table } from '../commands/table.js';
import { type Config, withDefaults } from '../config.js';
import { counted } from '../counted.js';
import { withPassword } from '../credential-files.js';
import { Durability, LAST_CALL, type LoadProgress } from '../durability/durability.js';
import { endsWithin } from '../durability/ends-within.js';
import { LockedDirectory } from '../durability/locked-directory.js';
import { Saves } from '../durability/saves.js';
import { type Clock, SessionEngine, type SessionListener, systemClock } from '../engine/index.js';
import { AbsentNames } from '../execution/absent-names.js';
import type { ReloadReport } from '../execution/context/reload-report.js';
import type { ServerControl } from '../execution/context/server-control.js';
import type { User } from '../execution/context/user.js';
import { CommandStatistics } from '../execution/observing/command-statistics.js';
import { LatencyMonitor } from '../execution/observing/latency-monitor.js';
import { Slowlog } from '../execution/observing/slowlog.js';
import type { HttpContext } from '../http/http-context.js';
import { FilteredLog } from '../log/filtered-log.js';
import { type GivenLog, type Log, silentLog } from '../log/log.js';
import { KB } from '../option-kinds.js';
import { version } from '../version.js';
import { Access } from './access.js';
import { Admission } from './admission.js';
import { CertificateWatch } from './certificate-watch.js';
import { Certificates } from './certificates.js';
import type { ConfigSource } from './config-source.js';
import { Connection, type ConnectionOptions } from './connection.js';
import { Counting } from './counting.js';
import { readCredentials } from './credentials.js';
import { EventLoop } from './event-loop.js';
import { Faults } from './faults.js';
import { Heartbeat } from './heartbeat.js';
import { HeldMemory } from './held-memory.js';
import { IncidentWatch } from './incident-watch.js';
import { Incidents } from './incidents.js';
import { type Endpoints, InnerClient, InnerLimits } from './inner-client.js';
import { KeyspaceEvents } from './keyspace-events.js';
import { Listening } from './listening.js';
import { LiveLimits } from './live-limits.js';
import { Memory } from './memory.js';
import { MemoryLimit } from './memory-limit.js';
import { MonitorFeed } from './monitor-feed.js';
import { Outbox } from './outbox.js';
import { PubSubHub } from './pubsub-hub.js';
import { Reload } from './reload.js';
import { rewriter } from './rewriting.js';
import { SessionEvents } from './session-events.js';
import { type ContainedListener, SessionListeners } from './session-listeners.js';
import { Settings } from './settings.js';
import { SlowReaders } from './slow-readers.js';
import { Stopping } from './stopping.js';
import { Strangers } from './strangers.js';
import { Turns } from './turns.js';

/** What an embedding program may supply. All options are optional. */
export interface ServerOptions {
  /** By default the process' own clock. */
  readonly clock?: Clock;
  /** Notified of what happens to sessions. */
  readonly listener?: SessionListener;
  /** Receives the lines of at least the level `loglevel`. By default nothing is logged. */
  readonly log?: GivenLog;
  /** Where the options come from, so that they can be read again. By default they are those that were given. */
  readonly source?: ConfigSource;
}

/** Clients decide by INFO's redis_version which commands they may send. Our replies follow this version. */
const REDIS_VERSION = '7.2.0';

/** The lowest limit for all clients together, in bytes. A lower one cannot be intended. */
const LEAST_CLIENT_MEMORY = 128 * KB;

/** The session server: an engine behind sockets. */
export class Server {
  /**
   * The sessions, for the embedding program. With a journal, usable from the time `listen` has resolved until `close`.
   */
  readonly engine: SessionEngine;
  /** Resolves when the server has stopped, after `close` or SHUTDOWN. */
  readonly closed: Promise<void>;

  readonly #settings: Settings;
  readonly #access: Access;
  readonly #source: ConfigSource;
  readonly #certificates: Certificates;
  readonly #certificateWatch: CertificateWatch;
  readonly #reload: Reload;
  readonly #log: FilteredLog;
  readonly #incidents: Incidents;
  readonly #incidentWatch: IncidentWatch;
  readonly #faults: Faults;
  readonly #clock: Clock;
  readonly #hub = new PubSubHub();
  readonly #keyspaceEvents: KeyspaceEvents;
  readonly #absentNames: AbsentNames;
  readonly #sessionListeners: SessionListeners;
  readonly #slowReaders: SlowReaders;
  readonly #latency: LatencyMonitor;
  readonly #eventLoop: EventLoop;
  readonly #monitors: MonitorFeed;
  readonly #connections = new Map<number, Connection>();
  readonly #strangers = new Strangers();
  readonly #admission: Admission;
  readonly #clientMemory: HeldMemory<Connection>;
  readonly #memory: Memory;
  readonly #memoryLimit: MemoryLimit;
  readonly #counting: Counting;
  readonly #heartbeat: Heartbeat;
  readonly #control: ServerControl;
  readonly #durability: Durability | undefined;
  readonly #saves: Saves;
  readonly #stopping: Stopping;
  readonly #connectionOptions: ConnectionOptions;
  readonly #innerOptions: ConnectionOptions;
  readonly #listening: Listening;
  /** Aborted when connections are closed. */
  readonly #closed = new AbortController();
  #lastId = 0;
  #closing = false;
  #stopped = false;
  #lostChanges = false;
  #resolveClosed: () => void = () => {};

  /**
   * With `appendonly` it locks the directory until `close`, and creates the directory if it does not exist.
   * @throws ConfigError if an option's value is invalid or a file cannot be read, JournalError if the directory cannot
   *   be used.
   */
  constructor(given: Partial<Config> = {}, options: ServerOptions = {}) {
    const { listener } = options;
    const givenClock = options.clock ?? systemClock;
    const config = withPassword(withDefaults(given));
    const { secret: givenSecret, users, tls } = readCredentials(config);
    this.#settings = new Settings(config, () => this.#applySettings());
    const log = new FilteredLog(options.log ?? silentLog, () => this.#settings.now.loglevel);
    this.#source = options.source ?? { read: () => given };
    this.#certificates = new Certificates(tls);
    this.#certificateWatch = new CertificateWatch(this.#certificates, log);
    this.#log = log;
    this.#incidents = new Incidents(log, givenClock);
    this.#faults = new Faults(this.#incidents);
    const clock = this.#faults.containedClock(givenClock);
    this.#clock = clock;
    this.#access = new Access(this.#settings, users, clock, this.#incidents);
    this.#slowReaders = new SlowReaders(clock);
    const directory = config.appendonly ? new LockedDirectory(config.dir) : undefined;
    const secret = givenSecret ?? directory?.secret;
    this.#latency = new LatencyMonitor(() => clock.wall());
    const statistics = new CommandStatistics(() => clock.now());
    this.engine = new SessionEngine({
      clock,
      // The statistics read the time anyway.
      instant: () => statistics.timestamp,
      maxValueBytes: config['proto-max-bulk-len'],
      onCycle: (cycle, ms) => {
        if (ms >= this.#latency.threshold) this.#latency.add(cycle, ms);
      },
      ...(secret && { secret }),
      onFault: this.#faults.report,
    });
    this.#durability = directory && this.#makeDurable(directory, givenClock);
    this.#saves = new Saves({ directory: config.dir, clock, durability: this.#durability, log }, this.engine);
    this.#stopping = new Stopping({
      clock,
      log,
      durability: this.#durability,
      delay: () => this.#settings.now['shutdown-delay'] * 1000,
      timeout: () => this.#shutdownTimeout,
      close: (endsAt) => this.#stop(endsAt),
    });
    this.#eventLoop = new EventLoop(clock);
    this.#monitors = new MonitorFeed(clock, this.#faults.report);
    this.#keyspaceEvents = new KeyspaceEvents(
      this.#hub,
      () => this.#settings.now['notify-keyspace-events'],
      this.engine,
      this.#faults.report,
    );
    this.#absentNames = new AbsentNames(this.engine);
    this.#sessionListeners = this.#makeListeners(listener);
    this.engine.attach(this.#sessionListeners);
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    this.#clientMemory = new HeldMemory(
      () => this.#clientMemoryLimit,
      (client) => client.evict(),
    );
    this.#memory = new Memory(this.engine, this.#clientMemory);
    this.#memoryLimit = new MemoryLimit(this.engine, this.#memory, this.#settings, log);
    this.#memoryLimit.apply();
    this.#setLatencyThreshold();
    this.#counting = new Counting(this.engine);
    this.#admission = new Admission({
      clock,
      settings: this.#settings,
      access: this.#access,
      counters: this.#counting.counters,
      incidents: this.#incidents,
      strangers: this.#strangers,
      clients: this.#connections,
    });
    this.#reload = new Reload({
      settings: this.#settings,
      access: this.#access,
      certificates: this.#certificates,
      secret: givenSecret,
      clients: this.#connections,
      log,
    });
    this.#incidentWatch = new IncidentWatch({
      incidents: this.#incidents,
      engine: this.engine,
      counters: this.#counting.counters,
      settings: this.#settings,
      durability: this.#durability,
      latency: this.#latency,
      eventLoopDelay: this.#eventLoop.delay,
    });
    this.#listening = new Listening(this.#settings, this.#certificates, {
      onConnection: (socket, path) => this.#faults.contain(() => this.#accept(socket, path)),
      onHandshake: (socket) => this.#faults.contain(() => this.#admission.expect(socket)),
      onAcceptError: ({ code, message }) =>
        this.#incidents.report('accept-error', {
          message: `cannot accept a connection: ${code ?? message.split('\n', 1)[0]}`,
          fields: { code },
        }),
    });
    this.#heartbeat = new Heartbeat(clock, this.#counting.counters, this.#onBeat);
    this.#control = this.#makeControl(statistics);
    this.#connectionOptions = {
      engine: this.engine,
      server: this.#control,
      commands: table,
      incidents: this.#incidents,
      hub: this.#hub,
      monitors: this.#monitors,
      absentNames: this.#absentNames,
      outbox: new Outbox(),
      turns: new Turns(),
      slowReaders: this.#slowReaders,
      registry: this.#connections,
      memory: this.#clientMemory,
      strangers: this.#strangers,
      limits: new LiveLimits(this.#settings),
      userWithoutPassword: () => this.#access.userWithoutPassword,
    };
    this.#innerOptions = { ...this.#connectionOptions, limits: new InnerLimits(this.#settings) };
  }

  /**
   * Starts to accept connections. With a journal it then loads the stored sessions. Until that is done and this
   * resolves, clients get LOADING errors. It also resolves if the server is closed meanwhile.
   * @param onLoading Called from time to time while sessions are loaded.
   * @throws ListenError if it cannot listen, JournalError if the journal cannot be used. Each gives the reason in one
   *   line.
   */
  async listen(onLoading?: (progress: LoadProgress) => void): Promise<void> {
    await this.#listening.open();
    try {
      await this.#listening.openHttp(this.#httpContext());
    } catch (error) {
      void this.close();
      throw error;
    }
    // The server may have been closed meanwhile.
    if (this.#closing) await Promise.all([this.#listening.close(), this.#listening.closeHttp(0)]);
    else await this.#load(onLoading);
  }

  #httpContext(): HttpContext {
    const access = this.#access;
    // Each request may wait for it.
    setMaxListeners(0, this.#closed.signal);
    return {
      engine: this.engine,
      server: this.#control,
      get userWithoutPassword() {
        return access.userWithoutPassword;
      },
      get isProtected() {
        return access.isProtected;
      },
      closing: this.#closed.signal,
      onUsersChanged: (listener) => access.onUsersChanged(() => this.#faults.contain(listener)),
      authenticate: (from, name, password) => access.authenticate(from, name, password),
      connect: (user, from) => this.#connectInner(user, from),
    };
  }

  /** Connects a client within the process. */
  #connectInner(user: User, from: Endpoints): InnerClient {
    const client = new InnerClient(from);
    const connection = new Connection(client.socket, ++this.#lastId, this.#innerOptions, this.#clock.now());
    connection.name = 'http';
    // The users may have changed since the headers of the request arrived.
    connection.admit(this.#access.userNamed(user.name) ?? { name: user.name, permissions: 0 });
    this.#connections.set(connection.id, connection);
    if (this.#closing) connection.close();
    return client;
  }

  async #load(onLoading: ((progress: LoadProgress) => void) | undefined): Promise<void> {
    if (this.#durability === undefined) return;
    try {
      const { sessions, expired, bytes, ms } = await this.#durability.load(onLoading);
      this.#saves.forgetChanges();
      this.#log.notice(
        `loaded ${counted(sessions, 'session')} from ${bytes} bytes in ${Math.round(ms)} ms; ${expired} had expired while the server was down`,
        { event: 'loaded', sessions, expired, bytes, ms: Math.round(ms) },
      );
      this.#memoryLimit.apply();
    } catch (error) {
      // Closing the server interrupted the load.
      if (this.#closing) return;
      void this.close();
      throw error;
    }
  }

  /** The log, for the embedding program's own lines. It leaves out those below `loglevel`. */
  get log(): Log {
    return this.#log;
  }

  /** Whether a client has to authenticate before it may run commands. */
  get requiresAuthentication(): boolean {
    return this.#access.userWithoutPassword === undefined;
  }

  /** The names of the users that clients can log in as, first those with the most permissions. */
  get userNames(): string[] {
    const enabled = this.#access.listedUsers.filter(({ isEnabled }) => isEnabled);
    const count = ({ permissions }: User) => permissions.toString(2).replaceAll('0', '').length;
    return enabled.sort((one, other) => count(other) - count(one)).map(({ name }) => name);
  }

  /**
   * Reads the options and the files that they name again: users, passwords and certificates. No connection is closed
   * and, unless everything is valid, nothing changes. See docs/configuration.md.
   * @throws ConfigError if something is wrong.
   */
  reload(): ReloadReport {
    return this.#reload.run(() => this.#source.read());
  }

  /** Whether it serves only its own machine because it has no password (protected mode). */
  get isProtected(): boolean {
    return this.#access.isProtected;
  }

  /** Whether it has stopped without writing all acknowledged changes to the journal. */
  get lostChanges(): boolean {
    return this.#lostChanges;
  }

  /** Whether it accepts connections. */
  get isListening(): boolean {
    return this.addresses.length > 0 || this.unixSocket !== undefined;
  }

  /** The TCP addresses that it listens on; empty if it does not listen on TCP. */
  get addresses(): AddressInfo[] {
    return this.#listening.addresses;
  }

  /** The addresses that it listens on for HTTP; empty without `http-port`. */
  get httpAddresses(): AddressInfo[] {
    return this.#listening.httpAddresses;
  }

  /** The URL of its page on this machine, undefined without `http-port`. */
  get httpUrl(): string | undefined {
    return this.#listening.httpUrl;
  }

  /** The unix socket that it listens on, if any. */
  get unixSocket(): string | undefined {
    return this.#listening.unixSocket;
  }

  /**
   * Asks the server to stop, as a signal does. `close` follows once the disk has all changes, or after
   * `shutdown-timeout`. Resolves when the server has stopped.
   * @throws StopRefused if SHUTDOWN ABORT cancels the stop.
   */
  async stop(): Promise<void> {
    if (!this.#closing) await this.#stopping.ask('insist');
    await this.closed;
  }

  /** The number of changes that the disk does not have. */
  get unsaved(): number {
    return this.#durability?.unsaved ?? 0;
  }

  /**
   * Stops the server: it accepts nothing more, answers what it has read, and ends every connection. This takes at most
   * `shutdown-timeout`, plus one second for the disk's last answer. A client that reads nothing for 5 s is disconnected
   * earlier. Without a journal all sessions are lost. A data set that is being saved or loaded is abandoned.
   */
  close(): Promise<void> {
    this.#stop(this.#clock.now() + this.#shutdownTimeout);
    return this.closed;
  }

  /** The most ms that a stop may take. */
  get #shutdownTimeout(): number {
    return this.#settings.now['shutdown-timeout'] * 1000;
  }

  /** @param endsAt Until when to wait for clients and the disk, in ms of the clock. */
  #stop(endsAt: number): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#closed.abort();
    const left = () => Math.max(0, endsAt - this.#clock.now());
    const stopped = Promise.all([this.#listening.close(), this.#saves.close()]);
    for (const connection of this.#connections.values()) connection.close();
    this.#admission.close();
    const cancelCut = this.#clock.after(left(), () => {
      for (const connection of this.#connections.values()) connection.kill();
    });
    this.#heartbeat.stop();
    this.#eventLoop.stop();
    this.#incidentWatch.beat();
    this.engine.close();
    // A listener closes when its last connection has closed.
    void endsWithin(stopped, left() + LAST_CALL, this.#clock)
      .then(cancelCut)
      // Health checks are answered until the last client has been served.
      .then(() => this.#listening.closeHttp(left()))
      .then(() => this.#closeJournal(left()))
      .then(() => this.#incidents.close())
      .then(this.#resolveClosed);
  }

  async #closeJournal(patience: number): Promise<void> {
    this.#stopped = true;
    try {
      await this.#durability?.close(patience);
    } catch (error) {
      this.#lostChanges = true;
      const reason = (error as Error).message;
      this.#log.warning(`stopped with changes that are not on disk: ${reason}`, { event: 'lost-changes', reason });
    }
  }

  #accept(socket: Socket, path?: string): void {
    const since = this.#admission.admit(socket, path);
    if (since === undefined) return;
    const keepAlive = this.#settings.now['tcp-keepalive'];
    if (keepAlive > 0 && path === undefined) socket.setKeepAlive(true, keepAlive * 1000);
    const connection = new Connection(socket, ++this.#lastId, this.#connectionOptions, since, path);
    this.#connections.set(connection.id, connection);
  }

  /** @param clock A clock whose calls are not contained: a faulty journal must not go on acknowledging writes. */
  #makeDurable(directory: LockedDirectory, clock: Clock): Durability {
    return new Durability(directory, this.engine, {
      policy: this.#settings.now.appendfsync,
      clock,
      growth: () => ({
        percentage: this.#settings.now['auto-aof-rewrite-percentage'],
        minSize: this.#settings.now['auto-aof-rewrite-min-size'],
      }),
      log: this.#log,
      onSync: (ms) => {
        const isAwaited = this.#settings.now.appendfsync === 'always';
        if (isAwaited && ms >= this.#latency.threshold) this.#latency.add('aof-fsync-always', ms);
      },
    });
  }

  #applySettings(): void {
    this.#setLatencyThreshold();
    // While sessions are loaded, none may be evicted: not all of their records have been read yet.
    if (this.#durability?.progress === undefined) this.#memoryLimit.apply();
    this.#clientMemory.enforce();
    if (this.#durability !== undefined) this.#durability.policy = this.#settings.now.appendfsync;
  }

  #setLatencyThreshold(): void {
    this.#latency.threshold = this.#settings.now['latency-monitor-threshold'] || Infinity;
  }

  /** The most bytes that all clients may hold together. */
  get #clientMemoryLimit(): number {
    const { maxmemory, 'maxmemory-clients': given } = this.#settings.now;
    const limit = typeof given === 'number' ? given : (maxmemory * Number.parseInt(given, 10)) / 100;
    // As in Redis, a limit so small that no client could send a command is raised.
    return limit === 0 ? Infinity : Math.max(limit, LEAST_CLIENT_MEMORY);
  }

  readonly #onBeat = (now: number): void => {
    const { timeout, 'auth-timeout': authTimeout } = this.#settings.now;
    const patience = authTimeout === 0 ? Infinity : authTimeout * 1000;
    for (const connection of this.#connections.values()) {
      this.#faults.contain(() => connection.checkPatience(now, timeout * 1000));
    }
    this.#faults.contain(() => this.#clientMemory.enforce());
    this.#faults.contain(() => this.#strangers.checkPatience(now, patience));
    this.#faults.contain(() => this.#admission.checkPatience(now, patience));
    this.#incidentWatch.beat();
    this.#incidents.beat(now);
    this.#durability?.beat();
    void this.#certificateWatch.look(this.#settings.now).catch(this.#faults.report);
    // Reading it updates the peak.
    void this.#memory.used;
  };

  /** Returns the server's own listeners and, after them, that of the embedding program. */
  #makeListeners(listener: SessionListener | undefined): SessionListeners {
    const events = new SessionEvents(
      this.#hub,
      this.#clock,
      this.engine,
      () => this.#settings.now['event-data-max-bytes'],
    );
    const ours = [events, this.#keyspaceEvents, this.#absentNames];
    const { report, reportListener } = this.#faults;
    const listeners = [
      ...ours.map((each): ContainedListener => [each, report]),
      ...(listener === undefined ? [] : [[listener, reportListener] as const]),
    ];
    return new SessionListeners(listeners, this.#slowReaders);
  }

  #makeControl(statistics: CommandStatistics): ServerControl {
    const settings = this.#settings;
    const access = this.#access;
    const counting = this.#counting;
    const heartbeat = this.#heartbeat;
    const stopping = this.#stopping;
    const clock = this.#clock;
    const addresses = () => this.addresses;
    const isStopped = () => this.#stopped;
    const isClosing = () => this.#closing;
    const { file } = this.#source;
    return {
      version,
      redisVersion: REDIS_VERSION,
      clock,
      log: this.#log,
      started: clock.wall(),
      runId: randomBytes(20).toString('hex'),
      get port() {
        return addresses()[0]?.port ?? 0;
      },
      clients: this.#connections,
      counters: counting.counters,
      get rates() {
        return heartbeat.rates;
      },
      statistics,
      latency: this.#latency,
      eventLoopDelay: this.#eventLoop.delay,
      slowlog: new Slowlog(
        () => settings.now,
        () => clock.wall(),
      ),
      pubsub: this.#hub,
      keyspaceEvents: this.#keyspaceEvents,
      monitors: this.#monitors,
      memory: this.#memory,
      durability: this.#durability,
      saves: this.#saves,
      authenticate: (client, name, password) => access.authenticate(client, name, password),
      get users() {
        return access.listedUsers;
      },
      get config() {
        return settings.now;
      },
      reload: () => this.reload(),
      configFile: file && { path: file.path, rewrite: rewriter(settings, file, this.#log) },
      setOptions: (given) => settings.set(given),
      countersSinceReset: () => counting.sinceReset(),
      listenToSessions: (listener) => this.#sessionListeners.add([listener, this.#faults.report]),
      resetCounters: () => {
        counting.reset();
        statistics.reset();
      },
      shutdown: (force, now) => this.#stopping.ask(force ? 'force' : 'ask', now),
      abortShutdown: () => this.#stopping.abort(),
      get isStopping() {
        return isClosing() || stopping.endsIn !== undefined;
      },
      get stopped() {
        return isStopped();
      },
      get shutdownEndsIn() {
        return stopping.endsIn;
      },
      reportFault: this.#faults.report,
    };
  }
}
