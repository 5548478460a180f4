import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Server as TlsServer } from 'node:https';
import type { Socket } from 'node:net';

/** The most connections at a time. */
const MAX_CONNECTIONS = 512;
/**
 * The most requests on one connection that are not answered yet. Browsers and Prometheus wait for each answer. One read
 * can contain more than a thousand requests, and Node would start all of them before it serves anybody else.
 */
const MAX_UNANSWERED = 8;

interface HttpConnection {
  /** The TCP socket, also with TLS. */
  readonly socket: Socket;
  /** Responses that have not been sent completely. */
  readonly responses: Set<ServerResponse>;
}

/** The connections of the listener. There is a limit, and an old connection makes room for a new one. */
export class HttpConnections {
  /**
   * By the client's and the server's addresses and ports. First comes the one whose connect, or latest request on an
   * idle connection, was longest ago.
   */
  readonly #connections = new Map<string, HttpConnection>();
  /** What was read last. Node parses it at once, so requests begin in it. */
  #read: Buffer = Buffer.alloc(0);
  #closing = false;
  #onEmpty: () => void = () => {};

  /** Watches the connections of a server. */
  watch(server: Server | TlsServer): void {
    server.on('connection', (socket: Socket) => this.#add(socket));
    server.on('setSecureContext' in server ? 'secureConnection' : 'connection', (socket: Socket) => {
      socket.prependListener('data', (bytes: Buffer) => {
        this.#read = bytes;
      });
    });
  }

  /**
   * Call this with each request. Returns whether to answer it. If not, its connection ends, because its client has sent
   * too many requests without waiting for the answers.
   */
  begin(request: IncomingMessage, response: ServerResponse): boolean {
    const { socket } = request;
    const key = keyOf(socket);
    const connection = this.#connections.get(key);
    if (connection === undefined) return false;
    const { responses } = connection;
    if (responses.size === MAX_UNANSWERED) {
      socket.destroy();
      // Node's parser would still go through all that was read. At bytes that are not HTTP it stops.
      this.#read.fill(0);
      return false;
    }
    if (responses.size === 0) {
      this.#connections.delete(key);
      this.#connections.set(key, connection);
    }
    responses.add(response);
    response.once('close', () => {
      responses.delete(response);
      if (this.#closing && responses.size === 0) socket.destroySoon();
    });
    return true;
  }

  /**
   * Ends all connections. Responses under way are completed first, except streams of events, which have no end.
   * Resolves when no connection is left.
   */
  end(): Promise<void> {
    this.#closing = true;
    for (const { socket, responses } of this.#connections.values()) {
      if ([...responses].every(isEndless)) socket.destroy();
    }
    return new Promise((resolve) => {
      this.#onEmpty = resolve;
      if (this.#connections.size === 0) resolve();
    });
  }

  /** Cuts all connections. */
  cut(): void {
    for (const { socket } of this.#connections.values()) socket.destroy();
  }

  #add(socket: Socket): void {
    if (this.#closing || !this.#makeRoom()) {
      socket.destroy();
      return;
    }
    const key = keyOf(socket);
    this.#connections.set(key, { socket, responses: new Set() });
    socket.once('close', () => {
      this.#connections.delete(key);
      if (this.#connections.size === 0) this.#onEmpty();
    });
  }

  /**
   * Makes room for another connection if necessary: otherwise anybody could block health checks, just by connecting or
   * by leaving responses unread. Cuts the first connection without a request. If there is none, cuts the first that
   * does not send events: only users read those, and their number is limited. Returns whether there is room.
   */
  #makeRoom(): boolean {
    if (this.#connections.size < MAX_CONNECTIONS) return true;
    return this.#cutFirst(({ size }) => size === 0) || this.#cutFirst((responses) => ![...responses].some(isEndless));
  }

  /** Cuts the first connection with such responses. Returns whether there is one. */
  #cutFirst(matches: (responses: ReadonlySet<ServerResponse>) => boolean): boolean {
    for (const [key, { socket, responses }] of this.#connections) {
      if (!matches(responses)) continue;
      this.#connections.delete(key);
      socket.destroy();
      return true;
    }
    return false;
  }
}

/** Identifies a connection, by its TCP socket or by the TLS socket on it. */
function keyOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}

function isEndless(response: ServerResponse): boolean {
  return String(response.getHeader('content-type')).startsWith('text/event-stream');
}
