import { isUtf8 } from 'node:buffer';
import { X509Certificate } from 'node:crypto';
import { type Config, ConfigError, OPTIONS, type OptionName } from './config.js';
import { readRegularFile } from './regular-file.js';
import { parseStoreUrl } from './store-url.js';
import { parseWebhooks, type WebhookLine } from './webhook-lines.js';

/**
 * Reads credentials from options and from the files that they name: the secret, passwords, users, certificates.
 */

const MIN_SECRET = 16;
/** The most bytes of a file. A hundred thousand users need less. */
const LARGEST = 16 * 2 ** 20;

/**
 * Returns the configured secret of shared sessions, or undefined if there is none.
 * @throws ConfigError if it is too short, given twice, or its file cannot be read.
 */
export function readSecret(config: Config): Buffer | undefined {
  const file = config['secret-file'];
  if (config.secret !== '' && file !== '')
    throw new ConfigError('secret and secret-file cannot be combined: set one of them');
  if (config.secret === '' && file === '') return undefined;
  // A final line ending, which editors add, is not part of the secret.
  const secret =
    file === ''
      ? Buffer.from(config.secret)
      : Buffer.from(readOptionFile('secret-file', file).replace(/\r?\n$/, ''), 'latin1');
  if (secret.length < MIN_SECRET) {
    const option = file === '' ? 'secret' : `secret-file ${file}`;
    throw new ConfigError(`${option}: the secret must have at least ${MIN_SECRET} bytes, but it has ${secret.length}`);
  }
  return secret;
}

/**
 * Returns the config with the password of `requirepass-file` as `requirepass`.
 * @throws ConfigError if both are given, or if the file cannot be read or contains no valid password.
 */
export function withPassword(config: Config): Config {
  const file = config['requirepass-file'];
  if (file === '') return config;
  if (config.requirepass !== '') {
    throw new ConfigError('requirepass and requirepass-file cannot be combined: set one of them');
  }
  return { ...config, requirepass: readPassword('requirepass-file', file) };
}

/**
 * Returns the password in a file.
 * @throws ConfigError if the file cannot be read or contains no valid password.
 */
function readPassword(option: OptionName, file: string): string {
  const bytes = Buffer.from(readOptionText(option, file).replace(/\r?\n$/, ''), 'latin1');
  const where = `${option} ${file}`;
  // An operator who gives this file does not want to do without a password.
  if (bytes.length === 0) throw new ConfigError(`${where}: there is no password in it`);
  if (bytes.includes('\n')) throw new ConfigError(`${where}: a password is one line, but there are more`);
  if (!isUtf8(bytes)) throw new ConfigError(`${where}: the password is not UTF-8 text`);
  try {
    return OPTIONS.requirepass.kind.parse(bytes.toString());
  } catch (error) {
    throw new ConfigError(`${where}: ${(error as Error).message}`);
  }
}

/** Credentials for a store. Each is undefined if there is none. Certificates and keys are PEM texts. */
interface StoreCredentials {
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly sentinelPassword: string | undefined;
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

/**
 * Returns the credentials for the store in `store` and in the files for it.
 * @throws ConfigError if a file cannot be read or contains no valid password.
 */
export function readStoreCredentials(config: Config): StoreCredentials {
  const { user, password } = parseStoreUrl(config.store);
  const read = <Value>(option: OptionName & `store-${string}`, by: (option: OptionName, file: string) => Value) =>
    config[option] === '' ? undefined : by(option, String(config[option]));
  return {
    user,
    password: password ?? read('store-password-file', readPassword),
    sentinelPassword: read('store-sentinel-password-file', readPassword),
    ca: read('store-tls-ca', readOptionFile),
    cert: read('store-tls-cert', readOptionFile),
    key: read('store-tls-key', readOptionFile),
  };
}

/** A user as written in an option or a file. */
export interface UserLine {
  /** One character per byte. */
  readonly text: string;
  /** Where it is written, for errors. */
  readonly where: string;
}

/**
 * Returns the users in `users` or in `users-file`.
 * @throws ConfigError if both are set, there is no user in it, or the file cannot be read.
 */
export function readUsers(config: Config): UserLine[] {
  const file = config['users-file'];
  if (config.users !== '' && file !== '') {
    throw new ConfigError('users and users-file cannot be combined: set one of them');
  }
  if (config.users === '' && file === '') return [];
  const option = file === '' ? 'users' : `users-file ${file}`;
  const lines =
    file === ''
      ? Buffer.from(config.users).toString('latin1').split(';')
      : readOptionText('users-file', file).split('\n');
  const users = lines
    .map((line, index) => ({
      text: line.trim(),
      where: `${option}, ${file === '' ? 'user' : 'line'} ${index + 1}`,
    }))
    .filter(({ text }) => text !== '' && !text.startsWith('#'));
  // An operator who sets users does not want a server without any.
  if (users.length === 0) throw new ConfigError(`${option}: there is no user in it`);
  return users;
}

/** PEM texts. */
interface Certificates {
  readonly cert: string;
  readonly key: string;
  /** The authorities that may sign clients' certificates. */
  readonly ca: string | undefined;
}

/**
 * Returns the server's certificate with its key and the authorities of clients, or undefined if there is none.
 * @throws ConfigError if a file cannot be read.
 */
export function readCertificates(config: Config): Certificates | undefined {
  if (config['tls-cert'] === '') return undefined;
  const [cert, key] = (['tls-cert', 'tls-key'] as const).map((name) => readOptionFile(name, config[name]));
  if (config['tls-ca'] === '') return { cert, key, ca: undefined };
  return { cert, key, ca: readOptionFile('tls-ca', config['tls-ca']) };
}

/** A webhook, and what the files that its line names contain. */
interface WebhookFiles {
  readonly line: WebhookLine;
  readonly secrets: readonly string[];
  /** Undefined if there is no file with CA certificates. PEM. */
  readonly ca: string | undefined;
}

/**
 * Returns the webhooks of the option `webhook`, with their secrets and certificates.
 * @throws ConfigError if a file cannot be read, or has no secret or no certificate.
 */
export function readWebhooks(config: Config): WebhookFiles[] {
  return parseWebhooks(config.webhook).map((line) => {
    const { name, secretFile, caFile } = line;
    const secrets = secretFile === '' ? [] : readSecrets(`webhook ${name}, secret-file`, secretFile);
    const ca = caFile === '' ? undefined : readOptionFile(`webhook ${name}, tls-ca`, caFile);
    if (ca !== undefined && !hasCertificate(ca)) {
      throw new ConfigError(`webhook ${name}, tls-ca ${caFile}: expected certificates in PEM`);
    }
    return { line, secrets, ca };
  });
}

/** Returns the lines of a file that are neither empty nor comments. */
function readSecrets(option: string, file: string): string[] {
  const lines = readOptionText(option, file).split('\n');
  const secrets = lines.map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'));
  if (secrets.length === 0) throw new ConfigError(`${option} ${file}: there is no secret in it`);
  return secrets;
}

/** Node.js accepts a text without one. */
function hasCertificate(pem: string): boolean {
  try {
    void new X509Certificate(pem);
    return true;
  } catch {
    return false;
  }
}

/**
 * Returns the bytes of a file that an option names, one character each.
 * @param option How errors begin.
 */
function readOptionFile(option: string, file: string): string {
  try {
    return readRegularFile(file, LARGEST).toString('latin1');
  } catch (error) {
    throw new ConfigError(`${option}: cannot read ${file}: ${(error as Error).message}`);
  }
}

/** Returns the text of a file that an option names, without the byte order mark of editors on Windows. */
function readOptionText(option: string, file: string): string {
  return readOptionFile(option, file).replace(/^\xef\xbb\xbf/, '');
}
