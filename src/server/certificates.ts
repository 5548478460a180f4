import type { TlsOptions } from 'node:tls';

/** The certificates that listeners use. They can be replaced while connections are open; new connections use the new ones. */
export class Certificates {
  #options: TlsOptions | undefined;
  readonly #listeners: ((options: TlsOptions) => void)[] = [];

  /** @param options Undefined if the server does not use TLS. */
  constructor(options: TlsOptions | undefined) {
    this.#options = options;
  }

  /** The current ones, for a listener that starts; undefined if the server does not use TLS. */
  get options(): TlsOptions | undefined {
    return this.#options;
  }

  /** Calls back with each replacement, for `setSecureContext` of a listener. */
  onReplaced(listener: (options: TlsOptions) => void): void {
    this.#listeners.push(listener);
  }

  /** Replaces the certificates. Returns whether they differ from the current ones. */
  replace(options: TlsOptions | undefined): boolean {
    const now = this.#options;
    if (options === undefined || now === undefined) return false;
    if ((['cert', 'key', 'ca'] as const).every((part) => options[part] === now[part])) return false;
    this.#options = options;
    for (const listener of this.#listeners) listener(options);
    return true;
  }
}
