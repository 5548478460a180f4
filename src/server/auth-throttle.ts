import type { Clock } from '../engine/index.js';
import { isLocal } from '../origin.js';

/** This many failed attempts from an origin have no penalty. */
const FREE_FAILURES = 10;
/**
 * The penalty of the first failure after those, in ms. It doubles with each further failure, up to `LAST_PENALTY_MS`.
 */
const FIRST_PENALTY_MS = 1000;
const LAST_PENALTY_MS = 16_000;
/** After this many ms without a failure, an origin's failures are forgotten. */
const FORGOTTEN_MS = 600_000;
/**
 * At most this many origins are remembered, those that failed or succeeded last. An attacker may have millions of
 * addresses.
 */
const MAX_REMEMBERED = 10_000;

interface Failures {
  count: number;
  /** When the latest failure came, in ms. */
  at: number;
}

/**
 * Slows down password guessing, by origin. From the eleventh failure on, each one costs a penalty of 1 to 16 seconds,
 * and the answer to the failed attempt is held back until the penalty is over. Until then no other attempt from that
 * origin is checked, whether its password is right or wrong, so its answer reveals nothing. That leaves 5,400 guesses a
 * day from one address.
 *
 * Clients that share an address with an attacker must still get in: all clients of a sidecar come from 127.0.0.1. But a
 * server that checks every attempt answers every guess, however late it says "wrong", because the attacker takes
 * silence for a no. So a server cannot both accept the right password at any time and limit guesses. Availability comes
 * first where a client is known to have the password: attempts from this machine are always checked, and so are those
 * for a user who has logged in from the same origin before. There only the answers to wrong passwords are held back,
 * and only a strong password protects against attackers who do not wait for them.
 *
 * A success does not reset the failures: the attacker may have an account too.
 */
export class AuthThrottle {
  readonly #clock: Clock;
  /** By origin, the latest to fail last. */
  readonly #failures = new Map<string, Failures>();
  /** Origins and users that have logged in, the latest last. */
  readonly #known = new Set<string>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Returns the ms until an attempt will be checked; 0 if it is checked now. */
  delay(origin: string, user: string): number {
    const failures = this.#failuresOf(origin);
    if (failures === undefined || isLocal(origin) || this.#known.has(entryOf(origin, user))) return 0;
    return Math.max(0, failures.at + penaltyOf(failures.count) - this.#clock.now());
  }

  /** Records a failed attempt. Returns for how many ms to hold back its answer. */
  failed(origin: string): number {
    const count = (this.#failuresOf(origin)?.count ?? 0) + 1;
    this.#failures.delete(origin);
    this.#failures.set(origin, { count, at: this.#clock.now() });
    forgetOldest(this.#failures);
    return penaltyOf(count);
  }

  succeeded(origin: string, user: string): void {
    const entry = entryOf(origin, user);
    this.#known.delete(entry);
    this.#known.add(entry);
    forgetOldest(this.#known);
  }

  #failuresOf(origin: string): Failures | undefined {
    const failures = this.#failures.get(origin);
    if (failures === undefined || this.#clock.now() - failures.at < FORGOTTEN_MS) return failures;
    this.#failures.delete(origin);
    return undefined;
  }
}

function penaltyOf(failures: number): number {
  if (failures <= FREE_FAILURES) return 0;
  return Math.min(FIRST_PENALTY_MS * 2 ** (failures - FREE_FAILURES - 1), LAST_PENALTY_MS);
}

/** The space is unambiguous: users' names contain none. */
function entryOf(origin: string, user: string): string {
  return `${user} ${origin}`;
}

function forgetOldest(entries: Map<string, unknown> | Set<string>): void {
  if (entries.size <= MAX_REMEMBERED) return;
  for (const key of entries.keys()) {
    entries.delete(key);
    return;
  }
}
