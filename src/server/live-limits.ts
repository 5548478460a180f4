import type { OutputLimits } from '../option-kinds.js';
import type { ConnectionLimits } from './connection.js';
import type { Settings } from './settings.js';

/** The limits of connections. Reading one returns its current value. */
export class LiveLimits implements ConnectionLimits {
  readonly #settings: Settings;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  get maxArguments(): number {
    return this.#settings.now['proto-max-multibulk-len'];
  }

  get maxBulk(): number {
    return this.#settings.now['proto-max-bulk-len'];
  }

  get maxInline(): number {
    return this.#settings.now['proto-inline-max-size'];
  }

  get maxRequest(): number {
    return this.#settings.now['client-query-buffer-limit'];
  }

  get replyBacklog(): number {
    return this.#settings.now['client-reply-backlog'];
  }

  get output(): OutputLimits {
    return this.#settings.now['client-output-buffer-limit'];
  }

  outputLimitName(limitClass: keyof OutputLimits): string {
    return `client-output-buffer-limit ${limitClass}`;
  }
}
