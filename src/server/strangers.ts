import { MB } from '../option-kinds.js';
import { HeldMemory, type Holder } from './held-memory.js';

/**
 * The most bytes that all strangers may hold together. A login is a few hundred bytes, held for a moment: honest clients do not come
 * near this limit, and it is small compared to the program itself.
 */
const MAX_BYTES = 16 * MB;

/** A client that must authenticate and has not yet. */
export interface Stranger extends Holder {
  /** Disconnects it. @param reason For the client and the log, in a few words. */
  dismiss(reason: string): void;
}

/** The clients that must authenticate and have not yet. Their memory together is limited, and so is the time that each may take. */
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

  /** The one that has been connected for longest, and when it came, in ms. */
  get oldest(): readonly [Stranger, number] | undefined {
    for (const entry of this.#since) return entry;
    return undefined;
  }
}
