import { type Config, ConfigError } from '../config.js';
import { isLoopback } from '../origin.js';
import type { Incidents } from './incidents.js';
import { bindAddresses } from './listen.js';

/**
 * Why a client is refused, and what to do. Protected mode, as in Redis: a server with neither a password nor users
 * serves only its own machine. Otherwise anyone who found its port could read all sessions.
 */
export const PROTECTED_MODE =
  'respite is in protected mode: it has no password, so it accepts connections only from its own machine. ' +
  'To accept others, set a password (requirepass) or, if only your own programs can reach the port, ' +
  'turn protected mode off (protected-mode no).';

/**
 * Whether only clients on this machine are served, because any client could connect without a password.
 * @param config With the password of `requirepass-file` as `requirepass`.
 */
export function isProtectedBy(config: Config, users: { readonly size: number }): boolean {
  return config['protected-mode'] && config.requirepass === '' && users.size === 0;
}

/**
 * Logs that a client was refused.
 * @param what What it tried: `a connection`.
 * @param from Its origin, see `Client.origin`.
 */
export function reportProtectedMode(incidents: Incidents, what: string, from: string): void {
  const message = `refused ${what} from ${from}: ${PROTECTED_MODE}`;
  incidents.report('protected-mode', { message, subject: from, fields: { from } });
}

/**
 * @param isProtected Whether clients from other machines are refused.
 * @throws ConfigError if the server listens on an address of which it would refuse every client.
 */
export function refuseExposure(config: Config, isProtected: boolean): void {
  const addresses = config['http-port'] === undefined ? config.bind : `${config.bind} ${config['http-bind']}`;
  const exposed = bindAddresses(addresses).find(({ host }) => !isLoopback(host));
  if (exposed !== undefined && isProtected) {
    throw new ConfigError(`cannot listen on ${exposed.host}: ${PROTECTED_MODE}`);
  }
}
