import { X509Certificate } from 'node:crypto';
import type { Config } from '../config.js';
import { readCertificates } from '../credential-files.js';
import { endpoint } from '../endpoint.js';
import type { Server } from '../index.js';
import type { EventFields } from '../log/log-events.js';
import { formatSize } from '../option-kinds.js';
import { storeText } from '../server/store-text.js';
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
  const { httpUrl, unixSocket, requiresAuthentication, storeStatus } = server;
  const addresses = addressesOf(server);
  const hasTls = config['tls-cert'] !== '';
  const needsCertificate = config['tls-auth-clients'] === 'yes';
  const places = unixSocket === undefined ? addresses : [...addresses, unixSocket];
  const settings = [
    ...(storeStatus === undefined
      ? [
          appendonly ? `journal in ${dir}, synced ${SYNCED[appendfsync]}` : 'no journal',
          maxmemory > 0 ? `maxmemory ${formatSize(maxmemory)} (${policy})` : 'no maxmemory',
        ]
      : [`sessions in ${storeText(storeStatus)}`]),
    loginOf(server),
    hasTls ? (needsCertificate ? 'TLS, client certificate required' : 'TLS') : 'no TLS',
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
      store: storeStatus?.kind,
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

/** Returns what a client needs to log in. */
function loginOf({ requiresAuthentication, userNames }: Server): string {
  if (!requiresAuthentication) return 'no password';
  return userNames.includes('default') ? 'password required' : 'user and password required';
}

function addressesOf(server: Server): string[] {
  return server.addresses.map(({ address, port }) => endpoint(address, port));
}

/** Returns a command that connects to the server. What only the operator knows is in capitals. */
function connectCommand(server: Server, config: Config): string {
  return ['redis-cli', ...connectionFlags(server, config), ...loginFlags(server)].map(quoted).join(' ');
}

/** redis-cli uses 127.0.0.1 by default. */
function connectionFlags({ unixSocket, addresses }: Server, config: Config): string[] {
  if (unixSocket !== undefined) return ['-s', unixSocket];
  const [{ address, port }] = addresses;
  const host = ['127.0.0.1', '0.0.0.0', '::'].includes(address) ? [] : ['-h', address];
  return [...host, '-p', String(port), ...tlsFlags(config)];
}

function tlsFlags(config: Config): string[] {
  if (config['tls-cert'] === '') return [];
  const authority = authorityOf(config);
  return [
    '--tls',
    // Without it, redis-cli trusts the authorities that the system trusts.
    ...(authority === undefined ? [] : ['--cacert', authority]),
    ...(config['tls-auth-clients'] === 'yes' ? ['--cert', 'CERTIFICATE', '--key', 'KEY'] : []),
  ];
}

/**
 * Returns the file with the certificate that has signed the server's: its own, or `tls-ca`. Undefined if neither has.
 */
function authorityOf(config: Config): string | undefined {
  try {
    const { cert = '', ca } = readCertificates(config) ?? {};
    const certificate = new X509Certificate(cert);
    if (certificate.checkIssued(certificate)) return config['tls-cert'];
    return ca !== undefined && certificate.checkIssued(new X509Certificate(ca)) ? config['tls-ca'] : undefined;
  } catch {
    // The files have changed since the server read them.
    return undefined;
  }
}

function loginFlags({ requiresAuthentication, userNames }: Server): string[] {
  if (!requiresAuthentication) return [];
  // redis-cli logs in as `default` unless it is given a user.
  return userNames.includes('default') ? ['--askpass'] : ['--user', userNames[0], '--askpass'];
}

/** Quotes a word for the shell, if that is necessary. */
function quoted(word: string): string {
  return /^[\w./:@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
