import type { TlsOptions } from 'node:tls';
import type { Config } from '../config.js';
import { readSecret, readUsers } from '../credential-files.js';
import { type WebhookSetup, webhookSetups } from '../webhooks/webhook-setup.js';
import { tlsOptions } from './tls.js';
import { Users } from './users.js';

/** The credentials in options, or in the files that options name. */
export interface Credentials {
  /** The configured secret of shared sessions, if there is one. */
  readonly secret: Buffer | undefined;
  readonly users: Users;
  /** Undefined if the port does not use TLS. */
  readonly tls: TlsOptions | undefined;
  /** With their secrets. */
  readonly webhooks: readonly WebhookSetup[];
}

/**
 * Reads and checks the credentials.
 * @throws ConfigError for the first one that cannot be used.
 */
export function readCredentials(config: Config): Credentials {
  return {
    secret: readSecret(config),
    users: new Users(readUsers(config)),
    tls: tlsOptions(config),
    webhooks: webhookSetups(config),
  };
}
