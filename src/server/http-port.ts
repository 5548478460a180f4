import type { AddressInfo, Server as NetServer } from 'node:net';
import type { TlsOptions } from 'node:tls';
import { type Config, ConfigError } from '../config.js';
import { endpoint, reachable } from '../endpoint.js';
import type { HttpContext } from '../http/http-context.js';
import type { HttpListener } from '../http/http-listener.js';
import { addressesOf, listenOnTcp, nowhere } from './listen.js';

/** The port for HTTP. Its code and packages are loaded only if it is used. */
export class HttpPort {
  readonly #listener: HttpListener;
  readonly #servers: readonly NetServer[];
  readonly #scheme: 'http' | 'https';

  private constructor(listener: HttpListener, servers: readonly NetServer[], scheme: 'http' | 'https') {
    this.#listener = listener;
    this.#servers = servers;
    this.#scheme = scheme;
  }

  /**
   * Listens on every address of `http-bind`.
   * @param tls If given, the port speaks HTTPS.
   * @param onAcceptError Called when a connection could not be accepted.
   * @throws ListenError if it cannot listen on an address that is not optional, ConfigError if a package is missing.
   */
  static async open(
    config: Config,
    tls: TlsOptions | undefined,
    context: HttpContext,
    onAcceptError: (error: NodeJS.ErrnoException) => void,
  ): Promise<HttpPort> {
    const { HttpListener } = await import('../http/http-listener.js').catch(explainMissing);
    const listener = new HttpListener(context, tls);
    const create = () => listener.createServer();
    const servers = await listenOnTcp(config, { bind: 'http-bind', port: 'http-port' }, create, onAcceptError);
    if (servers.length === 0) throw nowhere(config, 'http-bind');
    return new HttpPort(listener, servers, tls === undefined ? 'http' : 'https');
  }

  get addresses(): AddressInfo[] {
    return addressesOf(this.#servers);
  }

  /** The URL of the page at the first address, as seen from this machine. */
  get url(): string | undefined {
    const [first] = this.addresses;
    return first && `${this.#scheme}://${endpoint(reachable(first.address), first.port)}/`;
  }

  /** Uses another certificate for new connections. */
  setCertificate(tls: TlsOptions): void {
    this.#listener.setCertificate(tls);
  }

  /**
   * Ends all connections, after at most one second or `patience` ms, whichever is shorter. Resolves when they have
   * ended.
   */
  close(patience: number): Promise<void> {
    return this.#listener.close(patience);
  }
}

/** @throws ConfigError that says what to install, if that is what is missing. */
function explainMissing(error: NodeJS.ErrnoException): never {
  const [, missing] = /Cannot find package '([^']+)'/.exec(error.message) ?? [];
  if (error.code !== 'ERR_MODULE_NOT_FOUND' || missing === undefined) throw error;
  throw new ConfigError(`http-port needs the package ${missing}: npm install ${missing}`);
}
