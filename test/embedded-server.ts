import { connect } from 'node:net';
import {
  type Config,
  createServer,
  type LogFields,
  type LogLevel,
  type Server,
  type ServerOptions,
} from '../src/index.js';
import { RawClient } from './raw-client.js';

/**
 * Starts servers in the test's own process, with the test's own clock if it needs one, and connects bare clients to
 * them.
 */

const servers: Server[] = [];
const clients: RawClient[] = [];

/** Starts a server, on a free port of 127.0.0.1 unless the config says otherwise. */
export async function startServer(config: Partial<Config> = {}, options: ServerOptions = {}): Promise<Server> {
  const server = createServer({ bind: '127.0.0.1', port: 0, ...config }, options);
  servers.push(server);
  await server.listen();
  return server;
}

/** Connects a client to the server, over its unix socket if it listens nowhere else. */
export async function connectTo(server: Server, host?: string): Promise<RawClient> {
  const [address] = server.addresses;
  const client =
    address === undefined
      ? await RawClient.over(connect({ path: server.unixSocket ?? '' }))
      : await RawClient.connect(address.port, host);
  clients.push(client);
  return client;
}

/** Call this after each test. */
export async function stopServers(): Promise<void> {
  for (const client of clients.splice(0)) client.close();
  await Promise.all(servers.splice(0).map((server) => server.close()));
}

/** Incidents that a slow machine causes at any time, if the server runs on the real clock. */
const DELAYS = ['event-loop-stall', 'late-expiry'];

/**
 * Returns a log that keeps its lines of level notice and warning.
 * @param delays Whether it also keeps those about stalls of the event loop and late expiries. Only for tests with their
 *   own clock.
 */
export function keepLog({ delays = false } = {}) {
  const lines: string[] = [];
  const entries: { level: LogLevel; message: string; fields: LogFields | undefined }[] = [];
  const keep = (level: LogLevel) => (message: string, fields?: LogFields) => {
    if (!delays && DELAYS.includes(String(fields?.event))) return;
    lines.push(message);
    entries.push({ level, message, fields });
  };
  return { lines, entries, notice: keep('notice'), warning: keep('warning') };
}
