/** Quantiles of a set of figures. */
export class Quantiles {
  readonly #sorted: Float64Array;

  constructor(figures: Float64Array) {
    this.#sorted = figures.toSorted();
  }

  get count(): number {
    return this.#sorted.length;
  }

  /**
   * Returns the figure that `share` of all figures do not exceed; NaN if there are none.
   * @param share More than 0, at most 1.
   */
  at(share: number): number {
    return this.#sorted[Math.ceil(this.#sorted.length * share) - 1] ?? NaN;
  }

  get max(): number {
    return this.at(1);
  }
}
