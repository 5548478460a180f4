import { readFileSync } from 'node:fs';
import { type Config, ConfigError, type OptionName } from './config.js';

/** What options name rather than hold: the secret, the named users, the certificates. */

const MIN_SECRET = 16;

/**
 * The secret of shared sessions that a config asks for, undefined if it asks for none.
 * @throws ConfigError if it is too short, given twice, or its file cannot be read.
 */
export function readSecret(config: Config): Buffer | undefined {
  const file = config['secret-file'];
  if (config.secret !== '' && file !== '') throw new ConfigError('give secret or secret-file, not both');
  if (config.secret === '' && file === '') return undefined;
  // The line feed that an editor leaves is not part of it.
  const secret =
    file === ''
      ? Buffer.from(config.secret)
      : Buffer.from(readOptionFile('secret-file', file).replace(/\r?\n$/, ''), 'latin1');
  if (secret.length < MIN_SECRET) throw new ConfigError(`the secret is too short: ${MIN_SECRET} bytes or more`);
  return secret;
}

/**
 * The lines of `users` or of `users-file`, one a user, with one character per byte.
 * @throws ConfigError if both are given, none is named, or the file cannot be read.
 */
export function readUsers(config: Config): string[] {
  const file = config['users-file'];
  if (config.users !== '' && file !== '') throw new ConfigError('give users or users-file, not both');
  const lines =
    file === ''
      ? Buffer.from(config.users).toString('latin1').split(';')
      : readOptionFile('users-file', file).split('\n');
  const users = lines.map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'));
  const given = config.users !== '' || file !== '';
  // Who asks for users does not mean to leave the door open.
  if (given && users.length === 0) throw new ConfigError(`${file === '' ? 'users' : 'users-file'} names no user`);
  return users;
}

/** PEM texts. */
export interface Certificates {
  readonly cert: string;
  readonly key: string;
  /** What vouches for clients. */
  readonly ca: string | undefined;
}

/** The server's certificate and what belongs to it, undefined if it has none. @throws ConfigError if a file cannot be read, or vouches for nobody. */
export function readCertificates(config: Config): Certificates | undefined {
  if (config['tls-cert'] === '') return undefined;
  const [cert, key] = (['tls-cert', 'tls-key'] as const).map((name) => readOptionFile(name, config[name]));
  if (config['tls-ca'] === '') return { cert, key, ca: undefined };
  const ca = readOptionFile('tls-ca', config['tls-ca']);
  // Without one Node would take whatever any authority that it knows vouches for.
  if (!/-----BEGIN (?:TRUSTED )?CERTIFICATE-----/.test(ca)) {
    throw new ConfigError(`tls-ca ${config['tls-ca']} holds no certificate`);
  }
  return { cert, key, ca };
}

/** The bytes of a file that an option names, one character each. */
function readOptionFile(option: OptionName, file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch (error) {
    throw new ConfigError(`cannot read ${option} ${file}: ${(error as NodeJS.ErrnoException).code}`);
  }
}
