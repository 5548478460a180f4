import type { TlsOptions } from 'node:tls';

/** The certificates that listeners use. When they are replaced, open connections keep theirs. */
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

  /** Calls back each time the certificates have been replaced, so that a listener can call `setSecureContext`. */
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
