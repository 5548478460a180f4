import { backoff } from './backoff.js';

/** After this many failures in a row, the receiver counts as down: it is not just one message that is wrong. */
const DOWN_AFTER = 5;
/** The longest time between two attempts while the receiver is down, in ms. */
const LONGEST_PAUSE = 60_000;
/** The longest time that a receiver may ask for, in ms. */
const LONGEST_RETRY_AFTER = 3_600_000;

/**
 * How many requests a receiver may get at a time, and from when on. It begins with one, and with each success it is one
 * more. While the receiver is down it is one, after pauses that grow. So a receiver that comes back is found within a
 * minute, and is not overrun by what has gathered.
 */
export class Pace {
  readonly #most: number;
  readonly #random: () => number;
  #allowed = 1;
  #failures = 0;
  #notBefore = 0;

  /**
   * @param most The most requests at a time.
   * @param random Returns a number from 0 to 1, as Math.random does.
   */
  constructor(most: number, random: () => number) {
    this.#most = most;
    this.#random = random;
  }

  /** The most requests at a time. */
  get allowed(): number {
    return this.#allowed;
  }

  /** Before this time no request may begin, in ms on the clock. */
  get notBefore(): number {
    return this.#notBefore;
  }

  /** Whether the last request has failed. */
  get isFailing(): boolean {
    return this.#failures > 0;
  }

  /** Whether the receiver seems to be down. */
  get isDown(): boolean {
    return this.#failures >= DOWN_AFTER;
  }

  succeed(): void {
    this.#failures = 0;
    this.#allowed = Math.min(this.#most, this.#allowed + 1);
  }

  /**
   * @param now In ms on the clock.
   * @param retryAfterMs How long the receiver wants to be left alone.
   */
  fail(now: number, retryAfterMs = 0): void {
    this.#failures++;
    if (this.isDown) {
      this.#allowed = 1;
      this.#wait(now + backoff(this.#failures - DOWN_AFTER + 1, LONGEST_PAUSE, this.#random));
    }
    if (retryAfterMs > 0) {
      this.#allowed = 1;
      this.#wait(now + Math.min(retryAfterMs, LONGEST_RETRY_AFTER));
    }
  }

  #wait(until: number): void {
    this.#notBefore = Math.max(this.#notBefore, until);
  }
}
