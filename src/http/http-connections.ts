import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** The most connections at a time. */
const MAX_CONNECTIONS = 512;

interface HttpConnection {
  /** The TCP socket, also with TLS. */
  readonly socket: Socket;
  /** Responses that have not been sent completely. */
  readonly responses: Set<ServerResponse>;
}

/** The connections of the listener. There is a limit, and a connection that does nothing makes room for a new one. */
export class HttpConnections {
  /** By the client's and the server's addresses and ports, the oldest first. */
  readonly #connections = new Map<string, HttpConnection>();
  #closing = false;
  #onEmpty: () => void = () => {};

  /** Watches the connections of a server. */
  watch(server: Server): void {
    server.on('connection', (socket: Socket) => this.#add(socket));
    server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
      this.#begin(request, response);
    });
  }

  /**
   * Ends all connections. Responses under way are completed first, except streams of events, which have no end. Resolves
   * when no connection is left.
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
   * Makes room for another connection if necessary, by cutting the oldest one without a request.
   * Otherwise anybody could block health checks just by connecting. Returns whether there is room.
   */
  #makeRoom(): boolean {
    if (this.#connections.size < MAX_CONNECTIONS) return true;
    for (const [key, { socket, responses }] of this.#connections) {
      if (responses.size > 0) continue;
      this.#connections.delete(key);
      socket.destroy();
      return true;
    }
    return false;
  }

  #begin({ socket }: IncomingMessage, response: ServerResponse): void {
    const connection = this.#connections.get(keyOf(socket));
    if (connection === undefined) return;
    connection.responses.add(response);
    response.once('close', () => {
      connection.responses.delete(response);
      if (this.#closing && connection.responses.size === 0) socket.destroySoon();
    });
  }
}

/** Identifies a connection, by its TCP socket or by the TLS socket on it. */
function keyOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}

function isEndless(response: ServerResponse): boolean {
  return String(response.getHeader('content-type')).startsWith('text/event-stream');
}
