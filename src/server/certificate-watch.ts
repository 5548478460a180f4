import { stat } from 'node:fs/promises';
import { type Config, ConfigError } from '../config.js';
import type { EventLog } from '../log/log-events.js';
import type { Certificates } from './certificates.js';
import { describeCertificate, tlsOptions } from './tls.js';

const EVENT = { event: 'certificate-change' } as const;

/**
 * Replaces the certificates when their files change. It looks at the files' identity and times about once a second.
 * So it notices files that are rewritten or renamed, also on network file systems, and symbolic links that are switched
 * at any level, as Kubernetes does. With the system's notifications, each of these would be a special case.
 */
export class CertificateWatch {
  readonly #certificates: Certificates;
  readonly #log: Pick<EventLog, 'notice' | 'warning'>;
  /** The state of the files when they were last read. */
  #read = '';
  /** The state of the files when they were last looked at. */
  #seen = '';
  #looking = false;
  /** Whether the files cannot be used. That has been logged. */
  #isBad = false;

  constructor(certificates: Certificates, log: Pick<EventLog, 'notice' | 'warning'>) {
    this.#certificates = certificates;
    this.#log = log;
  }

  /** Looks at the files without blocking. Call this about once a second. */
  async look(config: Config): Promise<void> {
    if (this.#certificates.options === undefined || this.#looking) return;
    this.#looking = true;
    const state = await stateOf([config['tls-cert'], config['tls-key'], config['tls-ca']]);
    this.#looking = false;
    // Files that have changed since the last look may still be being written.
    if (state !== this.#read && state === this.#seen) {
      this.#read = state;
      this.#reload(config);
    }
    this.#seen = state;
  }

  #reload(config: Config): void {
    try {
      const options = tlsOptions(config);
      if (this.#certificates.replace(options)) {
        this.#log.notice(`the certificate has changed: new connections get ${describeCertificate(options)}`, EVENT);
      } else if (this.#isBad) {
        this.#log.notice(`the certificate can be read again: ${describeCertificate(options)}`, EVENT);
      }
      this.#isBad = false;
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      if (!this.#isBad) {
        const fields = { ...EVENT, reason: error.message };
        this.#log.warning(`cannot use the new certificate, so the old one stays in use: ${error.message}`, fields);
      }
      this.#isBad = true;
    }
  }
}

/** Returns a text that differs when a file has been changed or replaced. */
async function stateOf(files: readonly string[]): Promise<string> {
  const states = files.map(async (file) => {
    if (file === '') return '';
    try {
      const { dev, ino, size, mtimeMs, ctimeMs } = await stat(file);
      return [dev, ino, size, mtimeMs, ctimeMs].join(' ');
    } catch (error) {
      return String((error as NodeJS.ErrnoException).code);
    }
  });
  return (await Promise.all(states)).join('; ');
}
