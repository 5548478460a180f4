import type { Clock } from '../engine/index.js';
import { isLocal } from './origin.js';

/** So many attempts from one origin may fail before it pays for the next. */
const FREE_FAILURES = 10;
/** What the first failure after those costs, in ms; each further one costs twice as much, up to the last. */
const FIRST_PENALTY_MS = 1000;
const LAST_PENALTY_MS = 16_000;
/** After so many ms without a failure an origin starts anew. */
const FORGOTTEN_MS = 600_000;
/** So many origins are remembered, those that failed or succeeded latest: an attacker may have millions of addresses. */
const MAX_REMEMBERED = 10_000;

interface Failures {
  count: number;
  /** When the latest came, in ms. */
  at: number;
}

/**
 * Slows the guessing of passwords, by where the attempts come from. Each failure beyond the tenth costs a penalty of 1 to 16
 * seconds. The answer of the attempt that failed comes when that is over. Until then no other attempt from there is looked at,
 * be the password right or wrong, so that no answer tells which it was: 5,400 guesses a day from one address.
 *
 * Whoever shares an address with an attacker must get in nevertheless: all clients of a sidecar come from 127.0.0.1. But a
 * server that looks at each attempt answers each guess, however late it says "wrong": an attacker takes silence for a no. So
 * there is no way to let right passwords pass always and to limit guesses as well. Availability comes first where somebody is
 * known to have the password: attempts of this machine are always looked at, and so are those for a user who has got in from
 * the same origin before. There only the wrong answers wait, and only a strong password helps against those who do not wait.
 * A success does not make failures forgotten: an attacker may have an account of his own.
 */
export class AuthThrottle {
  readonly #clock: Clock;
  /** By origin; who failed latest is the last. */
  readonly #failures = new Map<string, Failures>();
  /** Origins and users that got in; who did latest is the last. */
  readonly #known = new Set<string>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many ms an attempt has to wait until it is looked at; 0 if it need not. */
  delay(origin: string, user: string): number {
    const failures = this.#failuresOf(origin);
    if (failures === undefined || isLocal(origin) || this.#known.has(entryOf(origin, user))) return 0;
    return Math.max(0, failures.at + penaltyOf(failures.count) - this.#clock.now());
  }

  /** An attempt failed. Returns how many ms its answer has to wait. */
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

/** Users' names have no spaces. */
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
