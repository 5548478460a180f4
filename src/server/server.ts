import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { AddressInfo, Server as NetServer, Socket } from 'node:net';
import type { Counters, ServerControl } from '../commands/context.js';
import { type Config, readSecret, visibleOptions, withDefaults } from '../config.js';
import { type Clock, SessionEngine, type SessionListener, systemClock } from '../engine/index.js';
import { version } from '../version.js';
import { Connection, type ConnectionOptions, endSoon } from './connection.js';
import { listen } from './listen.js';
import { type Log, silentLog } from './log.js';
import { isLoopback, isProtected, PROTECTED_MODE } from './protected-mode.js';

/** What a program that embeds the server may bring along; each may be left out. */
export interface ServerOptions {
  /** Default: the process' own clock. */
  readonly clock?: Clock;
  /** Hears what happens to sessions. */
  readonly listener?: SessionListener;
  /** Default: silence. */
  readonly log?: Log;
}

/** Clients decide by INFO's redis_version what they may send; our replies follow this one. */
const REDIS_VERSION = '7.2.0';

/** The session server: an engine behind sockets. */
export class Server {
  /** The sessions, for the program that embeds the server. */
  readonly engine: SessionEngine;
  /** Resolves when the server has stopped, by `close` or by SHUTDOWN. */
  readonly closed: Promise<void>;

  readonly #config: Config;
  readonly #log: Log;
  readonly #control: ServerControl;
  readonly #connectionOptions: ConnectionOptions;
  readonly #connections = new Set<Connection>();
  #listeners: NetServer[] = [];
  #lastId = 0;
  #fullLoggedAt = -Infinity;
  #closing = false;
  #resolveClosed: () => void = () => {};

  /** @throws ConfigError for a value that an option may not have, or a secret that cannot be had. */
  constructor(given: Partial<Config> = {}, { clock = systemClock, listener, log = silentLog }: ServerOptions = {}) {
    const config = withDefaults(given);
    const secret = readSecret(config);
    this.#config = config;
    this.#log = log;
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    this.engine = new SessionEngine({
      clock,
      maxValueBytes: config['proto-max-bulk-len'],
      ...(secret && { secret }),
      ...(listener && { listener: this.#guarded(listener) }),
    });
    this.#control = this.#makeControl(clock);
    this.#connectionOptions = {
      engine: this.engine,
      server: this.#control,
      log,
      limits: {
        maxArguments: config['proto-max-multibulk-len'],
        maxBulk: config['proto-max-bulk-len'],
        maxInline: config['proto-inline-max-size'],
        maxRequest: config['client-query-buffer-limit'],
      },
      softOutputLimit: config['client-output-buffer-soft-limit'],
      hardOutputLimit: config['client-output-buffer-limit'],
    };
  }

  /**
   * Starts to accept connections.
   * @throws ListenError if it cannot, with the reason in one line.
   */
  async listen(): Promise<void> {
    const listeners = await listen(this.#config, {
      onConnection: (socket) => this.#accept(socket),
      onAcceptError: ({ code }) => this.#log.warning(`cannot accept a connection: ${code}`),
    });
    // It may have been closed meanwhile.
    if (this.#closing) for (const listener of listeners) listener.close();
    else this.#listeners = listeners;
  }

  /** Where the server listens; empty before `listen`. */
  get addresses(): AddressInfo[] {
    return this.#listeners.map((listener) => listener.address() as AddressInfo);
  }

  /**
   * Stops: accepts no more connections, sends what was answered and ends each connection, within a
   * second. Sessions are gone.
   */
  close(): Promise<void> {
    if (!this.#closing) {
      this.#closing = true;
      const listeners = this.#listeners.map((listener) => new Promise((resolve) => listener.close(resolve)));
      for (const connection of this.#connections) connection.close();
      this.engine.close();
      // A listener is closed when its last connection is.
      void Promise.all(listeners).then(this.#resolveClosed);
    }
    return this.closed;
  }

  #accept(socket: Socket): void {
    const { counters } = this.#control;
    counters.connections++;
    const refusal = this.#refusal(socket);
    if (refusal !== undefined) {
      counters.rejectedConnections++;
      socket.on('error', () => {});
      endSoon(socket, `-${refusal}\r\n`);
      return;
    }
    const connection = new Connection(socket, ++this.#lastId, this.#connectionOptions);
    this.#connections.add(connection);
    socket.once('close', () => this.#connections.delete(connection));
  }

  /** The error with which a connection is turned away, if it is. */
  #refusal(socket: Socket): string | undefined {
    if (isProtected(this.#config) && !isLoopback(socket.remoteAddress ?? '')) return `DENIED ${PROTECTED_MODE}`;
    if (this.#connections.size >= this.#config.maxclients) {
      this.#logFull();
      return 'ERR max number of clients reached';
    }
    return undefined;
  }

  /** At most once a second: who knocks a thousand times shall not fill the disk. INFO counts each. */
  #logFull(): void {
    const now = this.#control.clock.now();
    if (now - this.#fullLoggedAt < 1000) return;
    this.#fullLoggedAt = now;
    this.#log.warning(`connections are refused: ${this.#config.maxclients} clients are connected (maxclients)`);
  }

  /** A listener of the embedding program whose fault ends neither the act it hears of nor the server. */
  #guarded(listener: SessionListener): SessionListener {
    return {
      onSession: (event, session) => {
        try {
          listener.onSession(event, session);
        } catch (error) {
          this.#log.warning(`the session listener failed: ${error instanceof Error ? error.stack : String(error)}`);
        }
      },
    };
  }

  #makeControl(clock: Clock): ServerControl {
    const config = this.#config;
    const connections = this.#connections;
    const addresses = () => this.addresses;
    const counters: Counters = {
      connections: 0,
      rejectedConnections: 0,
      commands: 0,
      errors: 0,
      input: 0,
      output: 0,
    };
    const password = digest(Buffer.from(config.requirepass));
    return {
      version,
      redisVersion: REDIS_VERSION,
      clock,
      started: clock.wall(),
      runId: randomBytes(20).toString('hex'),
      get port() {
        return addresses()[0]?.port ?? config.port;
      },
      maxClients: config.maxclients,
      get clients() {
        return connections.size;
      },
      counters,
      passwordRequired: config.requirepass !== '',
      // Digests have one length and are compared in constant time: nothing is learnt from how long it takes.
      checkPassword: (user, given) =>
        (config.requirepass === '' || timingSafeEqual(digest(given), password)) && user === 'default',
      options: () => visibleOptions(config),
      shutdown: () => {
        setImmediate(() => void this.close());
      },
    };
  }
}

function digest(password: Buffer): Buffer {
  return createHash('sha256').update(password).digest();
}
