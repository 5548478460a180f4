import { chmodSync, existsSync, lstatSync, statSync, unlinkSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type ServerOpts, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import type { Config } from '../config.js';
import { reasonOf } from '../system-error.js';
import { bufferedSocket, canUseOneReadBuffer } from './read-buffer.js';

/** A client that has ended its side may still wait for replies. The connection ends after them. */
const HALF_OPEN = { allowHalfOpen: true };

/** The server cannot listen on an address or a socket. The message is one line for a person. */
export class ListenError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ListenError';
  }
}

/** One address of the `bind` option. */
interface BindAddress {
  readonly host: string;
  /** Whether it was written with a "-": then the machine need not have it. */
  readonly optional: boolean;
}

const ALL = new Map([
  ['*', '0.0.0.0'],
  ['::*', '::'],
]);
/** The longest path of a unix socket that every system accepts, in bytes. Node.js truncates a longer one silently. */
const LONGEST_SOCKET_PATH = 103;
const ADDRESS_MISSING = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT']);

/** Returns the addresses in a `bind` option's value. */
export function bindAddresses(bind: string): BindAddress[] {
  return bind
    .split(/\s+/)
    .filter((word) => word !== '')
    .map((word) => {
      const optional = word.startsWith('-');
      const host = optional ? word.slice(1) : word;
      return { host: ALL.get(host) ?? host, optional };
    });
}

/** Why a server cannot listen, and what to change. */
const REASONS: Record<string, (options: TcpOptions) => string> = {
  EADDRINUSE: ({ port }) => `the port is in use: choose another with --${port}, or --${port} 0 for any free one`,
  EACCES: ({ port }) => `this user may not use the port: choose one from 1024 on with --${port}`,
  EADDRNOTAVAIL: ({ bind }) =>
    `this machine has no such address: change --${bind}, or write "-" before the address to make it optional`,
  ENOTFOUND: ({ bind }) => `no host with this name was found: change --${bind}`,
};

/** The options that say where to listen. */
interface TcpOptions {
  readonly bind: 'bind' | 'http-bind';
  readonly port: 'port' | 'http-port';
}

/** Callbacks of the listeners. */
export interface ListenEvents {
  /** @param path The unix socket that accepted the connection, undefined for TCP. */
  onConnection(socket: Socket, path?: string): void;
  /** A connection begins its TLS handshake. `onConnection` follows if it succeeds. The caller must limit its time. */
  onHandshake(socket: Socket): void;
  /** A connection could not be accepted: the process has no file descriptor left, or the client does not speak TLS. */
  onAcceptError(error: NodeJS.ErrnoException): void;
}

/** Where a server listens: TCP addresses with the same port, and a unix socket. */
export interface Listeners {
  readonly tcp: readonly Server[];
  readonly unix: Server | undefined;
}

/**
 * Listens on every address of a config, with the same port, and on its unix socket.
 * @param tls If given, the port speaks TLS.
 * @throws ListenError if it cannot listen on an address that is not optional. Then it listens on none.
 */
export async function listen(config: Config, tls: TlsOptions | undefined, events: ListenEvents): Promise<Listeners> {
  const accept = (socket: Socket) => events.onConnection(socket);
  const isBuffered = await canUseOneReadBuffer();
  // `noDelay` sends replies immediately.
  const create = () =>
    tls === undefined ? createListener({ noDelay: true }, isBuffered, accept) : createTlsListener(tls, accept, events);
  const tcp = await listenOnTcp(config, { bind: 'bind', port: 'port' }, create, events.onAcceptError);
  try {
    const unix = config.unixsocket === '' ? undefined : await listenOnUnixSocket(config, isBuffered, events);
    if (tcp.length === 0 && unix === undefined) throw nowhere(config, 'bind');
    return { tcp, unix };
  } catch (error) {
    for (const server of tcp) server.close();
    throw error;
  }
}

/** The addresses that servers listen on. */
export function addressesOf(servers: readonly Server[]): AddressInfo[] {
  return servers.map((server) => server.address()).filter((address) => address !== null) as AddressInfo[];
}

/** Returns the error for a server none of whose optional addresses exists. */
export function nowhere(config: Config, bind: TcpOptions['bind']): ListenError {
  return new ListenError(`cannot listen on any address of --${bind} "${config[bind]}": this machine has none of them`);
}

/**
 * Listens on every address of an option, with the same port.
 * @param create Returns a new server for an address.
 * @param onAcceptError Called when a connection could not be accepted.
 * @throws ListenError if it cannot listen on an address that is not optional. Then it listens on none.
 */
export async function listenOnTcp<Listener extends Server>(
  config: Config,
  options: TcpOptions,
  create: () => Listener,
  onAcceptError: ListenEvents['onAcceptError'],
): Promise<Listener[]> {
  const servers: Listener[] = [];
  let port = config[options.port] ?? 0;
  try {
    for (const address of bindAddresses(config[options.bind])) {
      const server = create();
      if (!(await listenOn(address, port, config, options, server))) continue;
      server.on('error', onAcceptError);
      servers.push(server);
      // With port 0 the first address gets a free port, and the others use the same.
      port = (server.address() as AddressInfo).port;
    }
    return servers;
  } catch (error) {
    for (const server of servers) server.close();
    throw error;
  }
}

/** Returns whether the server listens. If not, the machine does not have the address, which is optional. */
function listenOn(
  { host, optional }: BindAddress,
  port: number,
  config: Config,
  options: TcpOptions,
  server: Server,
): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException) => {
      const code = error.code ?? error.message;
      if (optional && ADDRESS_MISSING.has(code)) resolve(false);
      else reject(new ListenError(`cannot listen on ${host}:${port}: ${REASONS[code]?.(options) ?? reasonOf(error)}`));
    };
    server.once('error', fail);
    server.listen({ host, port, backlog: config['tcp-backlog'], ipv6Only: true }, () => {
      server.off('error', fail);
      resolve(true);
    });
  });
}

/** @param isBuffered Whether sockets are read into the shared buffer. */
function createListener(options: ServerOpts, isBuffered: boolean, accept: (socket: Socket) => void): Server {
  if (!isBuffered) return createServer({ ...options, ...HALF_OPEN }, accept);
  return createServer({ ...options, ...HALF_OPEN, pauseOnConnect: true }, (socket) => accept(bufferedSocket(socket)));
}

function createTlsListener(tls: TlsOptions, accept: (socket: Socket) => void, events: ListenEvents): Server {
  const server = createTlsServer({ ...tls, noDelay: true }, accept);
  server.on('connection', events.onHandshake);
  server.on('tlsClientError', (error, socket) => {
    events.onAcceptError(error);
    // Node only reports the failed handshake. Closing the connection is up to us.
    socket.destroy();
  });
  return server;
}

async function listenOnUnixSocket(
  config: Config,
  isBuffered: boolean,
  { onConnection, onAcceptError }: ListenEvents,
): Promise<Server> {
  const path = config.unixsocket;
  try {
    checkSocketPath(path);
    await removeLeftBehind(path);
  } catch (error) {
    throw error instanceof ListenError ? error : new ListenError(`cannot listen on ${path}: ${reasonOf(error)}`);
  }
  return new Promise((resolve, reject) => {
    const server = createListener({}, isBuffered, (socket) => onConnection(socket, path));
    const fail = (error: NodeJS.ErrnoException) => {
      const exists = 'there is a file that is not a socket: remove it, or choose another path with --unixsocket';
      reject(new ListenError(`cannot listen on ${path}: ${error.code === 'EADDRINUSE' ? exists : reasonOf(error)}`));
    };
    server.once('error', fail);
    server.listen({ path, backlog: config['tcp-backlog'] }, () => {
      try {
        chmodSync(path, Number.parseInt(config.unixsocketperm, 8));
      } catch (error) {
        server.close();
        fail(error as NodeJS.ErrnoException);
        return;
      }
      server.removeAllListeners('error').on('error', onAcceptError);
      resolve(server);
    });
  });
}

/**
 * Checks the path of a unix socket, because Node.js reports a missing directory as EACCES.
 * @throws ListenError if a unix socket cannot have that path.
 */
function checkSocketPath(path: string): void {
  const length = Buffer.byteLength(path);
  if (length > LONGEST_SOCKET_PATH) {
    throw new ListenError(
      `cannot listen on ${path}: the path has ${length} bytes, but the path of a unix socket has at most ${LONGEST_SOCKET_PATH}`,
    );
  }
  const directory = dirname(path);
  if (!existsSync(directory)) {
    throw new ListenError(
      `cannot listen on ${path}: the directory ${directory} does not exist (ENOENT): create it first`,
    );
  }
  if (!statSync(directory).isDirectory()) {
    throw new ListenError(`cannot listen on ${path}: ${directory} is not a directory`);
  }
}

/**
 * Removes the socket that a killed server left behind. Anything but a socket stays.
 * @throws ListenError if another server listens on it.
 */
async function removeLeftBehind(path: string): Promise<void> {
  if (!lstatSync(path, { throwIfNoEntry: false })?.isSocket()) return;
  const answered = await new Promise<boolean>((resolve) => {
    const socket = connect({ path });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
  if (answered) {
    throw new ListenError(
      `cannot listen on ${path}: another server is already listening on it; choose another path with --unixsocket`,
    );
  }
  unlinkSync(path);
}
