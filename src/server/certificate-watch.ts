import { stat } from 'node:fs/promises';
import { type Config, ConfigError } from '../config.js';
import type { EventLog } from '../log/log-events.js';
import type { Certificates } from './certificates.js';
import { describeCertificate, expiryOf, tlsOptions } from './tls.js';

const EVENT = { event: 'certificate-change' } as const;

/**
 * Replaces the certificates when their files change, and warns once when the certificate in use has expired.
 *
 * It looks at the files' identity and times about once a second. So it notices files that are rewritten or renamed,
 * even on network file systems, and symbolic links that are switched at any level, as Kubernetes does. With the
 * system's notifications, each of these would be a special case.
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
  readonly #wall: () => number;
  /** The certificate in use, when it expires, in unix ms, and whether that has been logged. */
  #used: { readonly options: unknown; readonly expiry: number; isLogged: boolean } | undefined;

  /** @param wall Reads the wall clock, in ms. */
  constructor(certificates: Certificates, log: Pick<EventLog, 'notice' | 'warning'>, wall: () => number) {
    this.#certificates = certificates;
    this.#log = log;
    this.#wall = wall;
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
    this.#warnOfExpiry();
  }

  #warnOfExpiry(): void {
    const { options } = this.#certificates;
    if (options === undefined) return;
    if (this.#used?.options !== options) this.#used = { options, expiry: expiryOf(options), isLogged: false };
    if (this.#used.isLogged || this.#wall() < this.#used.expiry) return;
    this.#used.isLogged = true;
    const advice = 'clients that check it refuse it: replace the files of tls-cert and tls-key';
    this.#log.warning(`the certificate has expired (${describeCertificate(options)}), and ${advice}`, EVENT);
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
