import { createSecureContext } from 'node:tls';
import { type Config, ConfigError } from '../config.js';
import { readStoreCredentials } from '../credential-files.js';
import type { StoreOptions } from '../store/remote-store.js';
import { parseStoreUrl } from '../store-url.js';
import { readCertificate } from './tls.js';

/**
 * Returns what the options say about the store; undefined if sessions are in memory.
 * @throws ConfigError if a file cannot be read or used.
 */
export function storeOptions(config: Config): StoreOptions | undefined {
  if (config.store === '') return undefined;
  const { secure, addresses, database } = parseStoreUrl(config.store);
  const { user, password, sentinelPassword, ca, cert, key } = readStoreCredentials(config);
  const tls = { ...(ca !== undefined && { ca }), ...(cert !== undefined && { cert, key }) };
  // Without a certificate in them, Node.js would trust all public authorities, or present nothing.
  if (ca !== undefined) readCertificate(config, 'store-tls-ca', ca);
  if (cert !== undefined) readCertificate(config, 'store-tls-cert', cert);
  if (secure) {
    try {
      createSecureContext(tls);
    } catch (error) {
      throw new ConfigError(
        `store-tls-ca, store-tls-cert and store-tls-key cannot be used: ${(error as Error).message}`,
      );
    }
  }
  return {
    addresses,
    database,
    prefix: config['store-prefix'],
    partitions: config['store-partitions'],
    wait: config['store-wait'],
    timeout: config['store-timeout'],
    events: config['store-events'],
    ...(user !== undefined && { user }),
    ...(password !== undefined && { password }),
    ...(secure && { tls }),
    ...(config['store-sentinel-name'] !== '' && { sentinelName: config['store-sentinel-name'] }),
    ...(sentinelPassword !== undefined && { sentinelPassword }),
  };
}
