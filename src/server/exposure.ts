import { type Config, ConfigError } from '../config.js';
import { isLoopback } from '../origin.js';
import { bindAddresses } from './listen.js';
import { PROTECTED_MODE } from './protected-mode.js';

/**
 * Whether only clients on this machine are served, because any client could connect without a password.
 * @param config With the password of `requirepass-file` as `requirepass`.
 */
export function isProtectedBy(config: Config, users: { readonly size: number }): boolean {
  return config['protected-mode'] && config.requirepass === '' && users.size === 0;
}

/**
 * @param isProtected Whether clients from other machines are turned away.
 * @throws ConfigError if the server listens for clients that it would all turn away.
 */
export function refuseExposure(config: Config, isProtected: boolean): void {
  const addresses = config['http-port'] === undefined ? config.bind : `${config.bind} ${config['http-bind']}`;
  const exposed = bindAddresses(addresses).find(({ host }) => !isLoopback(host));
  if (exposed !== undefined && isProtected) {
    throw new ConfigError(`cannot listen on ${exposed.host}: ${PROTECTED_MODE}`);
  }
}
