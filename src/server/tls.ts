import type { Socket } from 'node:net';
import { createSecureContext, TLSSocket, type TlsOptions } from 'node:tls';
import { type Config, ConfigError } from '../config.js';
import { readCertificates } from '../config-files.js';

/** How the port speaks TLS, undefined if it does not. @throws ConfigError if the certificates are none, or do not fit. */
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
  // With "optional" Node lets everybody in and tells what it thinks of the certificate: `isUnwelcome` acts on it.
  return { ...options, requestCert: asked, rejectUnauthorized: asked && config['tls-auth-clients'] === 'yes' };
}

/** Whether a client showed a certificate that `tls-ca` does not vouch for. */
export function isUnwelcome(socket: Socket): boolean {
  if (!(socket instanceof TLSSocket) || socket.authorized) return false;
  return Object.keys(socket.getPeerCertificate()).length > 0;
}
