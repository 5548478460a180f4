import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Config } from '../config.js';

/** The server cannot listen where it should. The message is one line for a person. */
export class ListenError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ListenError';
  }
}

/** One address of the `bind` option. */
export interface BindAddress {
  readonly host: string;
  /** Written with a "-": the machine need not have it. */
  readonly optional: boolean;
}

const ALL: Record<string, string> = { '*': '0.0.0.0', '::*': '::' };
const REASONS: Record<string, string> = {
  EADDRINUSE: 'the port is in use',
  EACCES: 'not permitted',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'there is no such host',
};
const ADDRESS_MISSING = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT']);

/** The addresses in a `bind` option's value. */
export function bindAddresses(bind: string): BindAddress[] {
  return bind
    .trim()
    .split(/\s+/)
    .map((word) => {
      const optional = word.startsWith('-');
      const host = optional ? word.slice(1) : word;
      return { host: ALL[host] ?? host, optional };
    });
}

/** What happens on the addresses listened on. */
export interface ListenEvents {
  onConnection(socket: Socket): void;
  /** A connection could not be accepted: the process has no file descriptor left for it, say. */
  onAcceptError(error: NodeJS.ErrnoException): void;
}

/**
 * Listens on every address of a config, on one port.
 * @throws ListenError if an address that is not optional cannot be had; none is kept then.
 */
export async function listen(config: Config, events: ListenEvents): Promise<Server[]> {
  const servers: Server[] = [];
  let { port } = config;
  try {
    for (const address of bindAddresses(config.bind)) {
      const server = await listenOn(address, port, config['tcp-backlog'], events);
      if (server === undefined) continue;
      servers.push(server);
      // With port 0 the first address chooses for all.
      port = (server.address() as AddressInfo).port;
    }
    if (servers.length === 0) throw new ListenError(`cannot listen on any of: ${config.bind}`);
    return servers;
  } catch (error) {
    for (const server of servers) server.close();
    throw error;
  }
}

function listenOn(
  { host, optional }: BindAddress,
  port: number,
  backlog: number,
  { onConnection, onAcceptError }: ListenEvents,
): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    // Replies leave at once; a peer that is gone without a word is noticed.
    const server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: 300_000 }, onConnection);
    server.once('error', (error: NodeJS.ErrnoException) => {
      const code = error.code ?? error.message;
      if (optional && ADDRESS_MISSING.has(code)) resolve(undefined);
      else reject(new ListenError(`cannot listen on ${host}:${port}: ${REASONS[code] ?? code}`));
    });
    server.listen({ host, port, backlog, ipv6Only: true }, () => {
      server.removeAllListeners('error').on('error', onAcceptError);
      resolve(server);
    });
  });
}
