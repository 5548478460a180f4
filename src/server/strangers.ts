import { MB } from '../option-kinds.js';
import { HeldMemory, type Holder } from './held-memory.js';

/**
 * What all strangers may hold together, in bytes. A login is a few hundred bytes, held for an instant: nobody honest comes
 * near it, and it is little beside what the program takes itself.
 */
const MAX_BYTES = 16 * MB;

/** A client that has yet to say who it is. */
export interface Stranger extends Holder {
  /** Disconnects it. @param reason For the client and the log, in a few words. */
  dismiss(reason: string): void;
}

/** The clients that must authenticate and have not: what they hold together is bounded, and how long each may take. */
export class Strangers {
  /** What they hold, the objects of their connections aside. */
  readonly memory = new HeldMemory<Stranger>(
    () => MAX_BYTES,
    (stranger) => stranger.dismiss('clients that have not authenticated hold too much memory'),
  );
  /** When each came, in ms; the first is the first that came. */
  readonly #since = new Map<Stranger, number>();

  /** @param since When it came, in ms. */
  add(stranger: Stranger, since: number): void {
    this.#since.set(stranger, since);
  }

  remove(stranger: Stranger): void {
    this.#since.delete(stranger);
  }

  /** To be called about once a second. @param now In ms. @param patience Ms that each may take, Infinity for any time. */
  checkPatience(now: number, patience: number): void {
    for (const [stranger, since] of this.#since) {
      if (now - since >= patience) stranger.dismiss('it did not authenticate in time (auth-timeout)');
    }
  }

  /** The one that has been there for longest, and when it came, in ms. */
  get oldest(): readonly [Stranger, number] | undefined {
    for (const entry of this.#since) return entry;
    return undefined;
  }
}
