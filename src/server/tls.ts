import type { Socket } from 'node:net';
import { createSecureContext, TLSSocket, type TlsOptions } from 'node:tls';
import { type Config, ConfigError } from '../config.js';
import { readCertificates } from '../config-files.js';

/**
 * Returns the TLS options of the port, or undefined if it does not use TLS.
 * @throws ConfigError if the certificates are invalid or do not match.
 */
export function tlsOptions(config: Config): TlsOptions | undefined {
  const certificates = readCertificates(config);
  if (certificates === undefined) return undefined;
  const { cert, key, ca } = certificates;
  const options = { cert, key, ...(ca !== undefined && { ca }), minVersion: 'TLSv1.2' } as const;
  try {
    createSecureContext(options);
  } catch (error) {
    throw new ConfigError(`tls-cert, tls-key, tls-ca: ${(error as Error).message}`);
  }
  const asked = ca !== undefined && config['tls-auth-clients'] !== 'no';
  // With "optional" Node accepts every client and only reports whether its certificate is valid. `isUnwelcome` acts on
  // that.
  return { ...options, requestCert: asked, rejectUnauthorized: asked && config['tls-auth-clients'] === 'yes' };
}

/** Whether a client presented a certificate that `tls-ca` did not sign. */
export function isUnwelcome(socket: Socket): boolean {
  if (!(socket instanceof TLSSocket) || socket.authorized) return false;
  return Object.keys(socket.getPeerCertificate()).length > 0;
}
