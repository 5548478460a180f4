/** Milliseconds counted one by one; everything later shares the last count. */
const RANGE = 4096;

/** How late expiries were, in whole ms, as a histogram of fixed size. */
export class Lateness {
  readonly #counts = new Float64Array(RANGE);
  #total = 0;

  /** @param ms From the deadline to when the expiry was acted on, 0 or more. */
  record(ms: number): void {
    this.#counts[Math.min(Math.floor(ms), RANGE - 1)]++;
    this.#total++;
  }

  /**
   * The lateness in ms that the given share of all expiries did not exceed, rounded up; 4096 stands
   * for anything from there on. 0 if there was none.
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
