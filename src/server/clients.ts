import type { Socket } from 'node:net';
import type { User } from '../execution/context/user.js';
import type { Access } from './access.js';
import type { Admission } from './admission.js';
import { Connection, type ConnectionOptions } from './connection.js';
import type { Faults } from './faults.js';
import { type Endpoints, InnerClient, InnerLimits } from './inner-client.js';
import type { Settings } from './settings.js';

interface ClientsOptions {
  readonly settings: Settings;
  readonly access: Access;
  readonly admission: Admission;
  readonly faults: Faults;
  /** What each connection needs. Its registry has the open connections. */
  readonly connection: ConnectionOptions;
}

/** Connects clients, from outside and within the process, and closes all their connections. */
export class Clients {
  readonly #options: ClientsOptions;
  #innerOptions: ConnectionOptions | undefined;
  #lastId = 0;
  #closing = false;

  constructor(options: ClientsOptions) {
    this.#options = options;
  }

  /**
   * Serves a connection, if it is admitted.
   * @param path The unix socket that accepted it, undefined for TCP.
   */
  accept(socket: Socket, path?: string): void {
    const { admission, settings, connection: options } = this.#options;
    const since = admission.admit(socket, path);
    if (since === undefined) return;
    const keepAlive = settings.now['tcp-keepalive'];
    if (keepAlive > 0 && path === undefined) socket.setKeepAlive(true, keepAlive * 1000);
    const connection = new Connection(socket, ++this.#lastId, options, since, path);
    options.registry.set(connection.id, connection);
  }

  /**
   * Connects a client within the process, which has authenticated as a user.
   * @param from The addresses that the server shows for it.
   */
  connect(user: User, from: Endpoints): InnerClient {
    // A store is there only when the first client is.
    this.#innerOptions ??= { ...this.#options.connection, limits: new InnerLimits(this.#options.settings) };
    const { server, registry } = this.#innerOptions;
    const client = new InnerClient(from);
    const connection = new Connection(client.socket, ++this.#lastId, this.#innerOptions, server.clock.now());
    connection.name = 'http';
    // The users may have changed since the headers of the request arrived.
    connection.admit(this.#options.access.userNamed(user.name) ?? { name: user.name, permissions: 0 });
    registry.set(connection.id, connection);
    if (this.#closing) connection.close();
    return client;
  }

  /** Ends connections that have been silent, or have left their output unread, for too long. @param now In ms. */
  checkPatience(now: number): void {
    const { settings, faults } = this.#options;
    const timeout = settings.now.timeout * 1000;
    for (const connection of this.#open) faults.contain(() => connection.checkPatience(now, timeout));
  }

  /** Ends every connection once what was read from it is answered, and from now on each new one within the process. */
  close(): void {
    this.#closing = true;
    for (const connection of this.#open) connection.close();
  }

  /** Cuts every connection. */
  kill(): void {
    for (const connection of this.#open) connection.kill();
  }

  get #open(): Iterable<Connection> {
    return this.#options.connection.registry.values();
  }
}
