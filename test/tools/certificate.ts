import { execFileSync, spawnSync } from 'node:child_process';
import { isThere } from './external-tool.js';

export const hasOpenssl = isThere('openssl', 'openssl', spawnSync('openssl', ['version']).error === undefined);

/** Writes `cert.pem` and `key.pem`, a self-signed certificate for a name, into a directory. */
export function writeCertificate(directory: string, name: string): void {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'key.pem'];
  const certificate = ['-x509', '-subj', `/CN=${name}`, '-days', '2', '-out', 'cert.pem'];
  execFileSync('openssl', ['req', ...key, ...certificate], { stdio: 'pipe', cwd: directory });
}
