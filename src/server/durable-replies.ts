import type { Durability } from '../durability/durability.js';

/**
 * With appendfsync always: what the disk must have before the replies to one client are sent. That is everything done so
 * far, not only what this client did: it may have read what another client wrote, or learnt that a session is gone.
 * While the disk fails, writes are refused, and clients that only read do not wait.
 */
export class DurableReplies {
  readonly #durability: Durability | undefined;
  /** The position in the journal that must be durable before the current replies are sent. 0 if none must be. */
  #first = 0;
  /** The position in the journal before the latest read was served. */
  #servedFrom = 0;
  /** Whether the current replies acknowledge changes by this client, and do not only show those of others. */
  #changed = false;

  constructor(durability: Durability | undefined) {
    this.#durability = durability;
  }

  /** Call this before the requests of a read are served. */
  begin(): void {
    this.#servedFrom = this.#durability?.position ?? 0;
  }

  /** Call this when requests have been served, before their replies are sent. */
  note(): void {
    const durability = this.#durability;
    if (!durability?.isStrict || durability.failure !== undefined || durability.isDurable) return;
    this.#first = durability.position;
    this.#changed ||= durability.position > this.#servedFrom;
  }

  /** Whether the current replies must wait for the disk. */
  get mustWait(): boolean {
    return this.#first > 0;
  }

  /** Calls back when the current replies may be sent. Call `release` then. */
  wait(then: () => void): void {
    if (this.#changed) this.#durability?.whenDurable(this.#first, then);
    else this.#durability?.whenDurableOrFailing(this.#first, then);
  }

  /** Call this when the replies that waited may be sent. */
  release(): void {
    this.#first = 0;
    this.#changed = false;
  }
}
