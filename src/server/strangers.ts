import { MB } from '../option-kinds.js';
import { HeldMemory, type Holder } from './held-memory.js';

/**
 * The most bytes that all strangers may hold together. A login takes a few hundred bytes for a moment, so honest
 * clients stay far below this limit. The limit is small compared to the memory of the program itself.
 */
const MAX_BYTES = 16 * MB;

/** A client that must authenticate and has not yet. */
export interface Stranger extends Holder {
  /**
   * Disconnects the client.
   * @param reason In a few words, for the client and the log.
   */
  dismiss(reason: string): void;
}

/**
 * The clients that must authenticate and have not yet. Their total memory is limited, and so is the time that each may
 * take.
 */
export class Strangers {
  /** The memory that they hold, without the objects of their connections. */
  readonly memory = new HeldMemory<Stranger>(
    () => MAX_BYTES,
    (stranger) => stranger.dismiss('clients that have not authenticated use too much memory'),
  );
  /** When each client connected, in ms, the oldest first. */
  readonly #since = new Map<Stranger, number>();

  /** @param since When it connected, in ms. */
  add(stranger: Stranger, since: number): void {
    this.#since.set(stranger, since);
  }

  remove(stranger: Stranger): void {
    this.#since.delete(stranger);
  }

  /**
   * Disconnects strangers that take too long. Call this about once a second.
   * @param now In ms.
   * @param patience The most ms that each may take; Infinity for no limit.
   */
  checkPatience(now: number, patience: number): void {
    for (const [stranger, since] of this.#since) {
      if (now - since >= patience) stranger.dismiss('not authenticated in time (auth-timeout)');
    }
  }

  /** The stranger that has been connected longest, and when it connected, in ms. */
  get oldest(): readonly [Stranger, number] | undefined {
    for (const entry of this.#since) return entry;
    return undefined;
  }
}
