import type { Config } from '../config.js';
import { endpoint } from '../endpoint.js';
import type { Server } from '../index.js';
import type { EventFields } from '../log/log-events.js';
import { formatSize } from '../option-kinds.js';
import { version } from '../version.js';

/** What the log says when clients are served: where, with which of the settings that matter most, and how to try it. */
interface ReadyLine {
  readonly message: string;
  readonly fields: EventFields;
}

const SYNCED: Record<Config['appendfsync'], string> = {
  always: 'before each reply',
  everysec: 'every second',
  no: 'when the system chooses',
};

export function readyLine(server: Server, config: Config): ReadyLine {
  const { appendonly, appendfsync, dir, maxmemory, 'maxmemory-policy': policy } = config;
  const { httpUrl, unixSocket, requiresAuthentication } = server;
  const addresses = addressesOf(server);
  const hasTls = config['tls-cert'] !== '';
  const places = unixSocket === undefined ? addresses : [...addresses, unixSocket];
  const settings = [
    appendonly ? `journal in ${dir}, synced ${SYNCED[appendfsync]}` : 'no journal',
    maxmemory > 0 ? `maxmemory ${formatSize(maxmemory)} (${policy})` : 'no maxmemory',
    requiresAuthentication ? 'password required' : 'no password',
    hasTls ? 'TLS' : 'no TLS',
    ...(httpUrl === undefined ? [] : [`page at ${httpUrl}`]),
  ];
  return {
    message: `respite ${version} is ready on ${places.join(' and ')} - ${settings.join(', ')} - try: ${connectCommand(server, config)}`,
    fields: {
      event: 'ready',
      version,
      addresses: addresses.join(' '),
      unixsocket: unixSocket,
      page: httpUrl,
      dir: appendonly ? dir : undefined,
      appendonly,
      appendfsync: appendonly ? appendfsync : undefined,
      maxmemory,
      'maxmemory-policy': policy,
      auth: requiresAuthentication,
      tls: hasTls,
    },
  };
}

function addressesOf(server: Server): string[] {
  return server.addresses.map(({ address, port }) => endpoint(address, port));
}

/** Returns a command that connects to the server. redis-cli uses 127.0.0.1 by default. */
function connectCommand(server: Server, config: Config): string {
  const needsPassword = config.requirepass !== '' || config['requirepass-file'] !== '';
  return ['redis-cli', ...connectionFlags(server, config), ...(needsPassword ? ['--askpass'] : [])].join(' ');
}

function connectionFlags(server: Server, config: Config): string[] {
  const { unixSocket } = server;
  if (unixSocket !== undefined) return ['-s', unixSocket];
  const [{ address, port }] = server.addresses;
  const host = ['127.0.0.1', '0.0.0.0', '::'].includes(address) ? [] : ['-h', address];
  return [...host, '-p', String(port), ...(config['tls-cert'] === '' ? [] : ['--tls'])];
}
