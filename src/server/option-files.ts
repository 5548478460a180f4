import type { TlsOptions } from 'node:tls';
import type { Config } from '../config.js';
import { readSecret, readUsers } from '../config-files.js';
import { tlsOptions } from './tls.js';
import { Users } from './users.js';

/** What is in the files that options name, and in the options that could be such files. */
export interface OptionFiles {
  /** The configured secret of shared sessions, if there is one. */
  readonly secret: Buffer | undefined;
  readonly users: Users;
  /** Undefined if the port does not use TLS. */
  readonly tls: TlsOptions | undefined;
}

/**
 * Reads and checks all files that options name.
 * @throws ConfigError for the first one that cannot be used.
 */
export function readOptionFiles(config: Config): OptionFiles {
  return { secret: readSecret(config), users: new Users(readUsers(config)), tls: tlsOptions(config) };
}
