import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { createSecureContext, TLSSocket, type TlsOptions } from 'node:tls';
import { type Config, ConfigError, type OptionName } from '../config.js';
import { readCertificates } from '../credential-files.js';

/**
 * Returns the TLS options of the port, or undefined if it does not use TLS.
 * @throws ConfigError if the certificates are invalid or do not match.
 */
export function tlsOptions(config: Config): TlsOptions | undefined {
  const certificates = readCertificates(config);
  if (certificates === undefined) return undefined;
  const { cert, key, ca } = certificates;
  const certificate = readCertificate(config, 'tls-cert', cert);
  if (!certificate.checkPrivateKey(readKey(config, key))) {
    throw new ConfigError(
      `tls-key ${config['tls-key']} is not the private key of the first certificate in tls-cert ${config['tls-cert']}`,
    );
  }
  // If tls-ca contained no certificate, Node.js would accept any certificate that a public authority has signed.
  if (ca !== undefined) readCertificate(config, 'tls-ca', ca);
  const options = { cert, key, ...(ca !== undefined && { ca }), minVersion: 'TLSv1.2' } as const;
  try {
    createSecureContext(options);
  } catch (error) {
    throw new ConfigError(`tls-cert, tls-key and tls-ca cannot be used: ${(error as Error).message}`);
  }
  const asked = ca !== undefined && config['tls-auth-clients'] !== 'no';
  // With "optional", Node.js accepts every client and only reports whether its certificate is valid.
  // `hasUntrustedCertificate` checks that.
  return { ...options, requestCert: asked, rejectUnauthorized: asked && config['tls-auth-clients'] === 'yes' };
}

/**
 * Returns the first certificate of a PEM text.
 * @param option The option whose file has it.
 * @throws ConfigError if there is none, or it is damaged.
 */
export function readCertificate(
  config: Config,
  option: OptionName & `${string}tls-${string}`,
  pem: string,
): X509Certificate {
  if (!/-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----/.test(pem)) {
    throw new ConfigError(
      `${option} ${config[option]} contains no certificate: expected PEM, starting with -----BEGIN CERTIFICATE-----`,
    );
  }
  try {
    return new X509Certificate(pem);
  } catch {
    throw new ConfigError(`${option} ${config[option]}: the first certificate in it is damaged`);
  }
}

function readKey(config: Config, pem: string): KeyObject {
  const file = config['tls-key'];
  if (!/-----BEGIN (?:\w+ )*PRIVATE KEY-----/.test(pem)) {
    throw new ConfigError(
      `tls-key ${file} contains no private key: expected PEM, starting with -----BEGIN PRIVATE KEY-----`,
    );
  }
  try {
    return createPrivateKey(pem);
  } catch {
    const isEncrypted = /ENCRYPTED/.test(pem);
    throw new ConfigError(
      isEncrypted
        ? `tls-key ${file} is protected by a passphrase: respite needs a key without one (openssl pkey -in ${file})`
        : `tls-key ${file}: the private key in it is damaged`,
    );
  }
}

/** Whether a client presented a certificate that `tls-ca` did not sign. */
export function hasUntrustedCertificate(socket: Socket): boolean {
  if (!(socket instanceof TLSSocket) || socket.authorized) return false;
  return Object.keys(socket.getPeerCertificate()).length > 0;
}

/** Describes the server's certificate: its subject, and until when it is valid. */
export function describeCertificate(options: TlsOptions | undefined): string {
  const { subject, validTo } = new X509Certificate(String(options?.cert));
  const name = (subject ?? '').replaceAll('\n', ', ');
  return `${name === '' ? 'a certificate without a subject' : name}, valid until ${new Date(validTo).toISOString()}`;
}

/** Returns when the server's certificate expires, in unix ms. */
export function expiryOf({ cert }: TlsOptions): number {
  return Date.parse(new X509Certificate(String(cert)).validTo);
}
