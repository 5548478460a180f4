import { execFileSync, spawnSync } from 'node:child_process';
import { isThere } from './external-tool.js';

export const hasOpenssl = isThere('openssl', 'openssl', spawnSync('openssl', ['version']).error === undefined);

/** Writes `cert.pem` and `key.pem`, a self-signed certificate for a name, into a directory. */
export function writeCertificate(directory: string, name: string): void {
  request(directory, 'key.pem', ['-x509', '-subj', `/CN=${name}`, '-days', '2', '-out', 'cert.pem']);
}

/** Writes `ca.pem`, an authority, and `cert.pem` and `key.pem`, a certificate that it has signed, into a directory. */
export function writeSignedCertificate(directory: string, name: string): void {
  request(directory, 'ca-key.pem', ['-x509', '-subj', '/CN=authority', '-days', '2', '-out', 'ca.pem']);
  request(directory, 'key.pem', ['-subj', `/CN=${name}`, '-out', 'request.pem']);
  const authority = ['-CA', 'ca.pem', '-CAkey', 'ca-key.pem', '-CAcreateserial'];
  const args = ['x509', '-req', '-in', 'request.pem', ...authority, '-days', '2', '-out', 'cert.pem'];
  execFileSync('openssl', args, { stdio: 'pipe', cwd: directory });
}

function request(directory: string, keyFile: string, args: string[]): void {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', keyFile];
  execFileSync('openssl', ['req', ...key, ...args], { stdio: 'pipe', cwd: directory });
}
