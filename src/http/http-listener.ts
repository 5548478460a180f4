import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { TlsOptions } from 'node:tls';
import { getRequestListener } from '@hono/node-server';
import { httpApp } from './http-app.js';
import { HttpConnections } from './http-connections.js';
import type { HttpContext } from './http-context.js';

/** Limits on what a client may send, and on how long it may take. Times are in ms, sizes in bytes. */
const LIMITS = {
  /** All headers together, with the address. */
  maxHeaderSize: 16 * 1024,
  /** Until all headers have arrived, from the beginning of the connection or of the request. */
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  /** Between two requests. Prometheus scrapes once a minute by default. */
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 1000,
} as const satisfies ServerOptions;

/** The longest TLS handshake, in ms. */
const HANDSHAKE_MS = 10_000;
/** A connection whose client reads and sends nothing for this many ms is cut. */
const SILENCE_MS = 60_000;
/** Stands for the host in a request of HTTP/1.0 that names none, as health checks of load balancers do. */
const NO_HOST = 'host.invalid';
/** How many ms a close waits for responses that are under way. */
const CLOSE_MS = 1000;

/** Answers HTTP requests, or HTTPS requests with the certificate of the server. */
export class HttpListener {
  readonly #context: HttpContext;
  readonly #connections = new HttpConnections();
  readonly #servers: (Server | TlsServer)[] = [];
  readonly #answer: (request: IncomingMessage, response: ServerResponse) => void;
  #tls: TlsOptions | undefined;

  /** @param tls The certificate and its key. Client certificates are not asked for. */
  constructor(context: HttpContext, tls: TlsOptions | undefined) {
    this.#context = context;
    this.#tls = tls;
    const answer = getRequestListener(httpApp(context).fetch, { overrideGlobalObjects: false, hostname: NO_HOST });
    this.#answer = (request, response) => {
      if (this.#connections.begin(request, response)) void answer(request, response);
    };
  }

  /** Returns a new server for one address, which does not listen yet. */
  createServer(): Server | TlsServer {
    const server =
      this.#tls === undefined
        ? createServer(LIMITS, this.#answer)
        : createTlsServer({ ...certificateOf(this.#tls), ...LIMITS, handshakeTimeout: HANDSHAKE_MS }, this.#answer);
    server.timeout = SILENCE_MS;
    this.#connections.watch(server);
    this.#servers.push(server);
    return server;
  }

  /** Uses another certificate for new connections. */
  setCertificate(tls: TlsOptions): void {
    this.#tls = tls;
    for (const server of this.#servers) {
      if ('setSecureContext' in server) server.setSecureContext(certificateOf(tls));
    }
  }

  /**
   * Stops listening and ends all connections, after at most one second or `patience` ms, whichever is shorter. Resolves
   * when all have ended.
   */
  async close(patience: number): Promise<void> {
    for (const server of this.#servers) server.close();
    const cancelCut = this.#context.server.clock.after(Math.min(patience, CLOSE_MS), () => this.#connections.cut());
    await this.#connections.end();
    cancelCut();
  }
}

/** The server's TLS options without what asks clients for a certificate. */
function certificateOf({ cert, key, minVersion }: TlsOptions): TlsOptions {
  return { cert, key, minVersion } as TlsOptions;
}
