import type { AddressInfo } from 'node:net';
import { Server as TlsServer } from 'node:tls';
import type { HttpContext } from '../http/http-context.js';
import type { Certificates } from './certificates.js';
import { HttpPort } from './http-port.js';
import { addressesOf, type ListenEvents, type Listeners, listen } from './listen.js';
import type { Settings } from './settings.js';

/** The ports and the unix socket on which a server listens. */
export class Listening {
  readonly #settings: Settings;
  readonly #certificates: Certificates;
  readonly #events: ListenEvents;
  #listeners: Listeners = { tcp: [], unix: undefined };
  #http: HttpPort | undefined;

  constructor(settings: Settings, certificates: Certificates, events: ListenEvents) {
    this.#settings = settings;
    this.#certificates = certificates;
    this.#events = events;
  }

  /**
   * Starts to accept clients.
   * @throws ListenError if it cannot listen.
   */
  async open(): Promise<void> {
    const listeners = await listen(this.#settings.now, this.#certificates.options, this.#events);
    this.#listeners = listeners;
    this.#certificates.onReplaced((tls) => {
      for (const server of listeners.tcp) if (server instanceof TlsServer) server.setSecureContext(tls);
    });
  }

  /**
   * Starts to answer HTTP requests, if `http-port` is set.
   * @throws ListenError if it cannot listen, ConfigError if a package is missing.
   */
  async openHttp(context: HttpContext): Promise<void> {
    const config = this.#settings.now;
    if (config['http-port'] === undefined) return;
    const http = await HttpPort.open(config, this.#certificates.options, context, this.#events.onAcceptError);
    this.#certificates.onReplaced((tls) => http.setCertificate(tls));
    this.#http = http;
  }

  /** The TCP addresses for clients. */
  get addresses(): AddressInfo[] {
    return addressesOf(this.#listeners.tcp);
  }

  /** The path of the unix socket, if there is one. */
  get unixSocket(): string | undefined {
    return this.#listeners.unix?.listening ? this.#settings.now.unixsocket : undefined;
  }

  get httpAddresses(): AddressInfo[] {
    return this.#http?.addresses ?? [];
  }

  /** The URL of the page on this machine. */
  get httpUrl(): string | undefined {
    return this.#http?.url;
  }

  /** Accepts no more clients. Resolves when the last one has disconnected. */
  async close(): Promise<void> {
    const { tcp, unix } = this.#listeners;
    const servers = unix === undefined ? tcp : [...tcp, unix];
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  }

  /**
   * Ends all HTTP connections, after at most one second or `patience` ms, whichever is shorter. Resolves when they have
   * ended.
   */
  async closeHttp(patience: number): Promise<void> {
    await this.#http?.close(patience);
  }
}
