/** Lateness below this many ms is counted per millisecond. Anything later counts as the last of them. */
const RANGE = 4096;

/** A histogram of how late expiries were, in whole ms. Its size is fixed. */
export class Lateness {
  readonly #counts = new Float64Array(RANGE);
  #total = 0;

  /** @param ms From the deadline to when the expiry was processed, 0 or more. */
  record(ms: number): void {
    this.#counts[Math.min(Math.floor(ms), RANGE - 1)]++;
    this.#total++;
  }

  /**
   * Returns the lateness in ms that the given share of all expiries did not exceed, rounded up. 4096 stands for
   * anything from 4095 ms on. Returns 0 if there was no expiry.
   * @param share More than 0, at most 1.
   */
  quantile(share: number): number {
    let left = Math.ceil(this.#total * share);
    if (left === 0) return 0;
    let ms = 0;
    while (left > this.#counts[ms]) left -= this.#counts[ms++];
    return ms + 1;
  }
}
