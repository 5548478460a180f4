import type { AddressInfo } from 'node:net';
import { table } from '../commands/table.js';
import { type Config, ConfigError, withDefaults } from '../config.js';
import { counted } from '../counted.js';
import { withPassword } from '../credential-files.js';
import { Durability, LAST_CALL, type LoadProgress } from '../durability/durability.js';
import { endsWithin } from '../durability/ends-within.js';
import { LockedDirectory } from '../durability/locked-directory.js';
import { Saves } from '../durability/saves.js';
import { type Clock, type Session, SessionEngine, type SessionListener, systemClock } from '../engine/index.js';
import { atOnce, inSlices } from '../engine/time/in-slices.js';
import { AbsentNames } from '../execution/absent-names.js';
import type { ReloadReport } from '../execution/context/reload-report.js';
import type { SessionWatcher } from '../execution/context/session-watcher.js';
import type { User } from '../execution/context/user.js';
import { CommandStatistics } from '../execution/observing/command-statistics.js';
import { LatencyMonitor } from '../execution/observing/latency-monitor.js';
import { Slowlog } from '../execution/observing/slowlog.js';
import type { HttpContext } from '../http/http-context.js';
import { FilteredLog } from '../log/filtered-log.js';
import { type GivenLog, type Log, silentLog } from '../log/log.js';
import { MemoryStore } from '../store/memory/memory-store.js';
import type { OpenStore, StoreStatus } from '../store/remote-store.js';
import { EventStream } from '../stream/event-stream.js';
import { Access } from './access.js';
import { Admission } from './admission.js';
import { BlockedReaders } from './blocked-readers.js';
import { CertificateWatch } from './certificate-watch.js';
import { Certificates } from './certificates.js';
import { clientMemoryLimit } from './client-memory-limit.js';
import { Clients } from './clients.js';
import type { ConfigSource } from './config-source.js';
import type { Connection } from './connection.js';
import { Counting } from './counting.js';
import { readCredentials } from './credentials.js';
import { EventAppender } from './event-appender.js';
import { EventLoop } from './event-loop.js';
import { EventRetention } from './event-retention.js';
import { Faults } from './faults.js';
import { journalGate, STORE_GATE } from './gates.js';
import { Heartbeat } from './heartbeat.js';
import { HeldMemory } from './held-memory.js';
import { httpContext } from './http-context.js';
import { IncidentWatch } from './incident-watch.js';
import { Incidents } from './incidents.js';
import { KeyspaceEvents } from './keyspace-events.js';
import { Listening } from './listening.js';
import { LiveLimits } from './live-limits.js';
import { Memory } from './memory.js';
import { MemoryLimit } from './memory-limit.js';
import { MonitorFeed } from './monitor-feed.js';
import { openStore } from './open-store.js';
import { Outbox } from './outbox.js';
import { Pausing } from './pausing.js';
import { PubSubHub } from './pubsub-hub.js';
import { Reload } from './reload.js';
import { ReplyBatch } from './reply-batch.js';
import { Control } from './server-control.js';
import { SessionEvents } from './session-events.js';
import { type ContainedListener, SessionListeners } from './session-listeners.js';
import { Settings } from './settings.js';
import { SlowReaders } from './slow-readers.js';
import { Stopping } from './stopping.js';
import { StoreLink } from './store-link.js';
import { storeOptions } from './store-options.js';
import { StoreStream } from './store-stream.js';
import { Strangers } from './strangers.js';
import { ClientTracking } from './tracking.js';
import { Turns } from './turns.js';
import { WebhookRunner } from './webhook-runner.js';

/** What an embedding program may supply. All options are optional. */
export interface ServerOptions {
  /** By default the process' own clock. */
  readonly clock?: Clock;
  /** Notified of what happens to sessions. */
  readonly listener?: SessionListener;
  /** Receives the lines of at least the level `loglevel`. By default nothing is logged. */
  readonly log?: GivenLog;
  /** Connects to a store outside of this process that keeps the sessions, instead of the one that the options name. */
  readonly store?: OpenStore;
  /** Where the options come from, so that they can be read again. By default they are those that were given. */
  readonly source?: ConfigSource;
}

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
  readonly #slowReaders: SlowReaders;
  readonly #pausing: Pausing;
  readonly #readers: BlockedReaders;
  readonly #latency: LatencyMonitor;
  readonly #slowlog: Slowlog;
  readonly #eventLoop: EventLoop;
  readonly #clients: Clients;
  readonly #strangers = new Strangers();
  readonly #admission: Admission;
  readonly #clientMemory: HeldMemory<Connection>;
  readonly #memory: Memory;
  readonly #memoryLimit: MemoryLimit;
  readonly #heartbeat: Heartbeat;
  readonly #httpContext: HttpContext;
  readonly #durability: Durability | undefined;
  /** The events of sessions in memory, for readers who come later; undefined without `events-stream`. */
  readonly #eventStream: EventStream | undefined;
  readonly #retention: EventRetention | undefined;
  readonly #saves: Saves;
  readonly #store: StoreLink | undefined;
  readonly #webhooks: WebhookRunner;
  readonly #stopping: Stopping;
  readonly #listening: Listening;
  /** Aborted when connections are closed. */
  readonly #closed = new AbortController();
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
    const { secret: givenSecret, users, tls, webhooks } = readCredentials(config);
    const givenStore = storeOptions(config);
    const isInMemory = givenStore === undefined && options.store === undefined;
    if (!isInMemory && listener !== undefined) {
      throw new ConfigError('a listener is notified only of sessions in memory: with store, subscribe to their events');
    }
    this.#settings = new Settings(config, () => this.#applySettings());
    const log = new FilteredLog(options.log ?? silentLog, () => this.#settings.now.loglevel);
    this.#source = options.source ?? { read: () => given };
    const certificates = new Certificates(tls);
    this.#certificateWatch = new CertificateWatch(certificates, log, () => givenClock.wall());
    this.#log = log;
    this.#incidents = new Incidents(log, givenClock);
    this.#faults = new Faults(this.#incidents);
    const clock = this.#faults.containedClock(givenClock);
    this.#clock = clock;
    this.#access = new Access(this.#settings, users, clock, this.#incidents);
    this.#slowReaders = new SlowReaders(clock);
    this.#pausing = new Pausing(clock);
    this.#readers = new BlockedReaders(clock);
    const directory = config.appendonly ? new LockedDirectory(config.dir) : undefined;
    const secret = givenSecret ?? directory?.secret;
    this.#latency = new LatencyMonitor(() => clock.wall());
    this.#slowlog = new Slowlog(() => clock.wall());
    const statistics = new CommandStatistics(() => clock.now());
    this.engine = new SessionEngine({
      clock,
      // The statistics read the time anyway.
      instant: () => statistics.timestamp,
      maxValueBytes: config['proto-max-bulk-len'],
      recordsEachEnd: config['events-stream'] && isInMemory,
      onCycle: (cycle, ms) => {
        if (ms >= this.#latency.threshold) this.#latency.add(cycle, ms);
      },
      ...(secret && { secret }),
      onFault: this.#faults.report,
    });
    this.#eventStream = config['events-stream'] && isInMemory ? new EventStream() : undefined;
    this.#retention = this.#eventStream && new EventRetention(this.#eventStream, clock, this.#settings);
    this.#durability = directory && this.#makeDurable(directory, givenClock);
    this.#saves = new Saves({ directory: config.dir, clock, durability: this.#durability, log }, this.engine);
    this.#webhooks = new WebhookRunner({
      setups: webhooks,
      stream: this.#eventStream,
      remote: () => (this.#store?.isOpen ? this.#store.stream : undefined),
      clock,
      incidents: this.#incidents,
      faults: this.#faults,
      log,
    });
    this.#stopping = new Stopping({
      clock,
      log,
      durability: this.#durability,
      delay: () => this.#settings.now['shutdown-delay'] * 1000,
      timeout: () => this.#shutdownTimeout,
      close: (endsAt) => this.#stop(endsAt),
    });
    this.#eventLoop = new EventLoop(clock);
    const monitors = new MonitorFeed(clock, this.#faults.report);
    this.#keyspaceEvents = new KeyspaceEvents(
      this.#hub,
      () => this.#settings.now['notify-keyspace-events'],
      this.engine,
      this.#faults.report,
    );
    this.#absentNames = new AbsentNames(this.engine);
    const sessionListeners = this.#makeListeners(listener);
    this.engine.attach(sessionListeners);
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    const connections = new Map<number, Connection>();
    this.#clientMemory = new HeldMemory(
      () => clientMemoryLimit(this.#settings.now),
      (client) => client.evict(),
    );
    this.#memory = new Memory(this.engine, this.#eventStream, this.#clientMemory);
    this.#memoryLimit = new MemoryLimit(this.engine, this.#eventStream, this.#memory, this.#settings, log);
    this.#memoryLimit.apply();
    this.#setThresholds();
    const counting = new Counting(this.engine);
    this.#admission = new Admission({
      clock,
      settings: this.#settings,
      access: this.#access,
      counters: counting.counters,
      incidents: this.#incidents,
      strangers: this.#strangers,
      clients: connections,
    });
    this.#reload = new Reload({
      settings: this.#settings,
      access: this.#access,
      certificates,
      webhooks: this.#webhooks,
      secret: givenSecret,
      clients: connections,
      log,
    });
    const open = options.store ?? (givenStore && openStore(givenStore, log));
    this.#store =
      open &&
      new StoreLink({
        open,
        maxValueBytes: config['proto-max-bulk-len'],
        clock,
        hub: this.#hub,
        faults: this.#faults,
        log,
        maxEventBytes: () => this.#settings.now['event-data-max-bytes'],
        stream: config['events-stream'] ? new StoreStream(this.#settings) : undefined,
      });
    this.#incidentWatch = new IncidentWatch({
      incidents: this.#incidents,
      engine: this.engine,
      eventStream: this.#eventStream,
      counters: counting.counters,
      settings: this.#settings,
      durability: this.#durability,
      store: this.#store,
      latency: this.#latency,
      eventLoopDelay: this.#eventLoop.delay,
    });
    this.#listening = new Listening(this.#settings, certificates, {
      onConnection: (socket, path) => this.#faults.contain(() => this.#clients.accept(socket, path)),
      onHandshake: (socket) => this.#faults.contain(() => this.#admission.expect(socket)),
      onAcceptError: ({ code, message }) =>
        this.#incidents.report('accept-error', {
          message: `cannot accept a connection: ${code ?? message.split('\n', 1)[0]}`,
          fields: { code },
        }),
    });
    this.#heartbeat = new Heartbeat(clock, counting.counters, this.#onBeat);
    const tracking = new ClientTracking({
      engine: this.engine,
      clients: connections,
      maxKeys: () => this.#settings.now['tracking-table-max-keys'],
      onFault: this.#faults.report,
    });
    const control = new Control({
      clock,
      log,
      settings: this.#settings,
      source: this.#source,
      access: this.#access,
      reload: this.#reload,
      counting,
      heartbeat: this.#heartbeat,
      statistics,
      latency: this.#latency,
      slowlog: this.#slowlog,
      eventLoop: this.#eventLoop,
      hub: this.#hub,
      keyspaceEvents: this.#keyspaceEvents,
      watchSessions: (watcher) => this.#store?.watch(watcher) ?? this.#watchEngine(sessionListeners, watcher),
      monitors,
      tracking,
      pausing: this.#pausing,
      readers: this.#readers,
      memory: this.#memory,
      clients: connections,
      durability: this.#durability,
      eventStream: this.#eventStream,
      store: this.#store,
      gate: this.#store === undefined ? this.#durability && journalGate(this.#durability) : STORE_GATE,
      saves: this.#saves,
      listening: this.#listening,
      stopping: this.#stopping,
      webhooks: this.#webhooks,
      faults: this.#faults,
      isClosing: () => this.#closing,
      isStopped: () => this.#stopped,
    });
    const link = this.#store;
    const slices = { isStopped: () => this.#stopped, isHeld: () => this.engine.isHeld };
    const memory = new MemoryStore(this.engine, clock, (work) => inSlices(work, clock, slices));
    const memoryAtOnce = new MemoryStore(this.engine, clock, atOnce);
    this.#clients = new Clients({
      settings: this.#settings,
      access: this.#access,
      admission: this.#admission,
      faults: this.#faults,
      connection: {
        engine: this.engine,
        // A store is there only when the first client is.
        get store() {
          return link?.store.sessions ?? memory;
        },
        get storeAtOnce() {
          return link?.store.sessions ?? memoryAtOnce;
        },
        get transactions() {
          return link?.store;
        },
        server: control,
        commands: table,
        incidents: this.#incidents,
        hub: this.#hub,
        monitors,
        absentNames: this.#absentNames,
        outbox: new Outbox(),
        batch: new ReplyBatch(),
        turns: new Turns(),
        pausing: this.#pausing,
        slowReaders: this.#slowReaders,
        registry: connections,
        memory: this.#clientMemory,
        strangers: this.#strangers,
        limits: new LiveLimits(this.#settings),
        userWithoutPassword: () => this.#access.userWithoutPassword,
      },
    });
    this.#httpContext = httpContext({
      engine: this.engine,
      control,
      access: this.#access,
      clients: this.#clients,
      faults: this.#faults,
      incidents: this.#incidents,
      closing: this.#closed.signal,
    });
  }

  /**
   * Starts to accept connections. With a journal it then loads the stored sessions. Until that is done and this
   * resolves, clients get LOADING errors. With a store it first waits until the store answers. It also resolves if the
   * server is closed meanwhile.
   * @param onLoading Called from time to time while sessions are loaded.
   * @throws ListenError if it cannot listen, JournalError if the journal cannot be used, UnusableStoreError if the
   *   store cannot. Each gives the reason in one line.
   */
  async listen(onLoading?: (progress: LoadProgress) => void): Promise<void> {
    if (this.#store === undefined) await this.#listening.open();
    else await this.#openStore(this.#store);
    try {
      await this.#listening.openHttp(this.#httpContext);
    } catch (error) {
      void this.close();
      throw error;
    }
    // The server may have been closed meanwhile.
    if (this.#closing) await Promise.all([this.#listening.close(), this.#listening.closeHttp(0)]);
    else await Promise.all([this.#load(onLoading), this.#store?.start()]);
    if (!this.#closing) await this.#webhooks.start();
  }

  /** Listens once the store answers: no client could be served before. */
  async #openStore(store: StoreLink): Promise<void> {
    try {
      await store.open();
      if (!this.#closing) await this.#listening.open();
    } catch (error) {
      await store.close();
      // It was stopped while it waited for the store.
      if (!this.#closing) throw error;
    }
  }

  async #load(onLoading: ((progress: LoadProgress) => void) | undefined): Promise<void> {
    if (this.#durability === undefined) return;
    try {
      const { sessions, expired, bytes, ms } = await this.#durability.load(onLoading);
      this.#saves.forgetChanges();
      this.#retention?.apply();
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

  /** How its store is; undefined if sessions are in memory, and before `listen` has reached the store. */
  get storeStatus(): StoreStatus | undefined {
    return this.#store?.isOpen ? this.#store.status : undefined;
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
    // What waits for the clock, such as the next attempt to write to a failing disk, does not keep the process alive.
    const alive = setInterval(() => {}, 2 ** 30);
    const stopped = Promise.all([this.#listening.close(), this.#saves.close()]);
    // Whoever waits is answered.
    this.#pausing.end();
    this.#clients.close();
    this.#admission.close();
    const cancelCut = this.#clock.after(left(), () => this.#clients.kill());
    this.#heartbeat.stop();
    this.#eventLoop.stop();
    this.#incidentWatch.beat();
    this.#retention?.stop();
    this.engine.close();
    // A listener closes when its last connection has closed.
    void endsWithin(stopped, left() + LAST_CALL, this.#clock)
      .then(cancelCut)
      .then(() => this.#webhooks.close())
      // Health checks are answered until the last client has been served.
      .then(() => this.#listening.closeHttp(left()))
      .then(() => this.#closeJournal(left()))
      .then(() => this.#store && endsWithin(this.#store.close(), left() + LAST_CALL, this.#clock))
      .then(() => this.#incidents.close())
      .then(() => clearInterval(alive))
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

  /** @param clock A clock whose calls are not contained: a faulty journal must not go on acknowledging writes. */
  #makeDurable(directory: LockedDirectory, clock: Clock): Durability {
    return new Durability(directory, this.engine, {
      policy: this.#settings.now.appendfsync,
      clock,
      stream: this.#eventStream,
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
    this.#setThresholds();
    // While sessions are loaded, none may be evicted: not all of their records have been read yet.
    if (this.#durability?.progress === undefined) this.#memoryLimit.apply();
    this.#clientMemory.enforce();
    if (this.#durability !== undefined) this.#durability.policy = this.#settings.now.appendfsync;
  }

  #setThresholds(): void {
    const { 'latency-monitor-threshold': latency, 'slowlog-log-slower-than': slow } = this.#settings.now;
    this.#latency.threshold = latency || Infinity;
    this.#slowlog.threshold = slow < 0 ? Infinity : slow / 1000;
    this.#slowlog.maxEntries = this.#settings.now['slowlog-max-len'];
  }

  readonly #onBeat = (now: number): void => {
    const { 'auth-timeout': authTimeout } = this.#settings.now;
    const patience = authTimeout === 0 ? Infinity : authTimeout * 1000;
    this.#clients.checkPatience(now);
    this.#faults.contain(() => this.#clientMemory.enforce());
    this.#faults.contain(() => this.#strangers.checkPatience(now, patience));
    this.#faults.contain(() => this.#admission.checkPatience(now, patience));
    this.#incidentWatch.beat();
    this.#webhooks.beat();
    this.#incidents.beat(now);
    this.#durability?.beat();
    this.#retention?.beat();
    this.#memoryLimit.beat();
    void this.#certificateWatch.look(this.#settings.now).catch(this.#faults.report);
    // Reading it updates the peak.
    void this.#memory.used;
  };

  #watchEngine(listeners: SessionListeners, watcher: SessionWatcher): () => void {
    const name = (session: Session) => () => this.engine.name(session);
    const listener: SessionListener = { onSession: (event, session) => watcher.onEvent(event, name(session)) };
    return listeners.add([listener, this.#faults.report]);
  }

  /** Returns the server's own listeners and, after them, that of the embedding program. */
  #makeListeners(listener: SessionListener | undefined): SessionListeners {
    const events = new SessionEvents(
      this.#hub,
      this.#clock,
      this.engine,
      () => this.#settings.now['event-data-max-bytes'],
    );
    const ours: SessionListener[] = [events, this.#keyspaceEvents, this.#absentNames];
    if (this.#eventStream !== undefined && this.#retention !== undefined) {
      ours.push(new EventAppender(this.#eventStream, this.#retention, this.#clock, this.engine, this.#settings));
    }
    const { report, reportListener } = this.#faults;
    const listeners = [
      ...ours.map((each): ContainedListener => [each, report]),
      ...(listener === undefined ? [] : [[listener, reportListener] as const]),
    ];
    return new SessionListeners(listeners, this.#slowReaders);
  }
}
